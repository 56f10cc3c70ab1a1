import { humanDuration } from '../base/duration.ts';
import type { AgentPod, AgentStatus, RejectedManifest } from '../kube/agent-socket.ts';
import type { ContainerStatus } from '../kube/types.ts';
import type { ComponentName } from '../manifests/component.ts';

/** What the agent says of one component; undefined members = it does not know it (yet). */
export type ComponentState = {
  readonly pod?: AgentPod;
  readonly container?: ContainerStatus;
  readonly rejected?: RejectedManifest;
};

/** Finds a component in the agent's status by the manifest file it comes from, else by its label. */
export function componentState(status: AgentStatus | undefined, component: ComponentName): ComponentState {
  const fileName = `${component}.yaml`;
  const pods = status?.pods ?? [];
  const pod =
    pods.find(({ file }) => file?.endsWith(`/${fileName}`)) ??
    pods.find((candidate) => candidate.pod.metadata.labels?.component === component);
  const container = pod?.pod.status?.containerStatuses.find(({ name }) => name === component);
  const rejected = status?.rejected.find(({ file }) => file === fileName || file.endsWith(`/${fileName}`));
  return {
    ...(pod === undefined ? {} : { pod }),
    ...(container === undefined ? {} : { container }),
    ...(rejected === undefined ? {} : { rejected }),
  };
}

/** `running 1.2 s`, `back-off 10 s, exited with 1`, `pulling image …`: a component's state for people. */
export function stateText({ pod, container, rejected }: ComponentState, nowMs: number): string {
  if (rejected !== undefined && !rejected.lastGoodRuns) return 'manifest refused';
  const { running, waiting, terminated } = container?.state ?? {};
  if (running !== undefined) return `running ${humanDuration(Math.max(0, nowMs - Date.parse(running.startedAt)))}`;
  if (terminated !== undefined) return `exited with ${terminated.exitCode}`;
  const exit = container?.lastState.terminated;
  // The gate's URL is long, and there is but one.
  const doing = (pod?.doing ?? waiting?.reason ?? 'not started').replace(
    /^waiting for http\S+ to answer$/,
    'held back',
  );
  return exit === undefined ? doing : `${doing}, exited with ${exit.exitCode}`;
}

/** The newest exit of the component, undefined when it never exited. */
export function lastExit({
  container,
}: ComponentState): NonNullable<ContainerStatus['state']['terminated']> | undefined {
  return container?.state.terminated ?? container?.lastState.terminated;
}

/** How often it has ended so far. */
export function exitCount({ container }: ComponentState): number {
  if (container === undefined) return 0;
  return container.restartCount + (container.state.terminated === undefined ? 0 : 1) + waitingAfterExit(container);
}

/** In back-off the exit is in lastState, and restartCount grows only with the next start. */
function waitingAfterExit(container: ContainerStatus): number {
  return container.state.waiting !== undefined && container.lastState.terminated !== undefined ? 1 : 0;
}
