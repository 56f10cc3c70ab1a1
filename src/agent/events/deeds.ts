import type { PodEvent } from '../metrics/observer.ts';

/** What is told of a deed; reasons and texts are the kubelet's (pkg/kubelet/events/event.go, kuberuntime, images). */
export type Told = Pick<PodEvent, 'type' | 'reason' | 'message'>;

const normal = (reason: string, message: string): Told => ({ type: 'Normal', reason, message });
const warning = (reason: string, message: string): Told => ({ type: 'Warning', reason, message });

export const deeds = {
  pulling: (image: string) => normal('Pulling', `Pulling image "${image}"`),
  pulled: (image: string, { tookMs, bytes }: { readonly tookMs: number; readonly bytes: number }) => {
    const took = `${(tookMs / 1000).toFixed(3)}s`;
    const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${bytes} bytes.`;
    return normal('Pulled', message);
  },
  present: (image: string) =>
    normal('Pulled', `Container image "${image}" already present on machine and can be accessed by the pod`),
  created: () => normal('Created', 'Container created'),
  started: () => normal('Started', 'Container started'),
  sandboxChanged: () => normal('SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.'),
  unhealthy: (verdict: string) => warning('Unhealthy', verdict),
  probeWarning: (title: string, message: string) => warning('ProbeWarning', `${title} probe warning: ${message}`),
  preStopFailed: () => warning('FailedPreStopHook', 'PreStopHook failed'),
} as const;

/** Why a container is stopped, by what the plan says of it. */
export function killing(container: string, because: string): Told {
  const probe = /^(Liveness|Startup) probe |^its (liveness|startup) probe /.exec(because);
  const kind = (probe?.[1] ?? probe?.[2])?.toLowerCase();
  if (kind !== undefined) return normal('Killing', `Container ${container} failed ${kind} probe, will be restarted`);
  if (because === 'its definition has changed') return normal('Killing', `Container ${container} definition changed`);
  return normal('Killing', `Stopping container ${container}`);
}

type Failing = { readonly message: string; readonly image: string };

/** By the waiting reason of a container that could not be started; others are told as they are. */
const failures: Readonly<Record<string, (failing: Failing) => readonly Told[]>> = {
  ErrImagePull: ({ image, message }) => [
    warning('Failed', `Failed to pull image "${image}": ${message}`),
    warning('Failed', 'Error: ErrImagePull'),
  ],
  ErrImageNeverPull: ({ image }) => [
    warning('ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`),
    warning('Failed', 'Error: ErrImageNeverPull'),
  ],
  InvalidImageName: ({ image, message }) => [
    warning('InspectFailed', `Failed to apply default image tag "${image}": ${message}`),
    warning('Failed', 'Error: InvalidImageName'),
  ],
  FailedMount: ({ message }) => [warning('FailedMount', message)],
  FailedCreatePodSandBox: ({ message }) => [
    warning('FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`),
  ],
  PostStartHookError: () => [warning('FailedPostStartHook', 'PostStartHook failed')],
};

/** What could not be started, and why. */
export function failed(reason: string, failing: Failing): readonly Told[] {
  return failures[reason]?.(failing) ?? [warning('Failed', `Error: ${failing.message}`)];
}
