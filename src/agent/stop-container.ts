import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Host } from '../host/host.ts';
import type { ContainerPort, LifecycleHandler } from '../kube/types.ts';
import { annotations } from '../runtime/labels.ts';
import type { ContainerRuntime, ObservedContainer } from '../runtime/runtime.ts';
import { runHook } from './lifecycle-hooks.ts';

/** The least that is left for the stop signal after a preStop hook (kuberuntime_container.go minimumGracePeriodInSeconds). */
const leastSeconds = 2;

/**
 * Stops a container within its grace period, its preStop hook first; all from its own annotations, since the manifest may
 * be gone. A hook that fails is told and does not keep the container.
 */
export async function stopContainer(
  doors: { readonly host: Host; readonly runtime: ContainerRuntime; readonly clock: Clock; readonly log: Log },
  container: ObservedContainer,
  how: { readonly graceSeconds: number; readonly address: string },
): Promise<void> {
  const { clock, runtime, log } = doors;
  const startedMs = clock.now();
  const handler = parse<LifecycleHandler>(container.annotations[annotations.preStopHandler]);
  if (handler !== undefined && how.graceSeconds > 0) {
    const ports = parse<readonly ContainerPort[]>(container.annotations[annotations.ports]) ?? [];
    const target = { containerId: container.id, address: how.address, ports };
    await runHook(doors, handler, target, how.graceSeconds * 1000).catch((thrown: unknown) => {
      log.warn(`preStop hook of ${container.pod.name}/${container.name} failed: ${messageOf(thrown)}`);
    });
  }
  const usedSeconds = Math.ceil((clock.now() - startedMs) / 1000);
  const leftSeconds = handler === undefined ? how.graceSeconds : Math.max(leastSeconds, how.graceSeconds - usedSeconds);
  await runtime.stopContainer(container.id, leftSeconds);
}

function parse<T>(json: string | undefined): T | undefined {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as T);
  } catch {
    return undefined;
  }
}
