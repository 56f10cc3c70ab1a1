import type { ObservedPod } from '../../runtime/runtime.ts';
import type { RolloutContext } from '../apply/context.ts';
import type { CanaryDoors } from './doors.ts';

/** Removes every canary, also those that a killed apply left, and all that they wrote. */
export async function sweepCanaries({ canary: doors }: Pick<RolloutContext, 'canary'>): Promise<void> {
  // It is there before the first of them, and goes after the last.
  if ((await doors.host.stat(doors.directory)) === undefined) return;
  const runtime = await doors.runtime();
  const pods = await runtime.observePods();
  await Promise.all(pods.map((pod) => removePod(doors, pod)));
  await doors.clear();
}

/** Without a grace period: nothing that they wrote is kept. */
async function removePod(doors: CanaryDoors, { containers, sandboxes }: ObservedPod): Promise<void> {
  const runtime = await doors.runtime();
  await Promise.all(containers.map(({ id }) => runtime.stopContainer(id, 0)));
  await Promise.all(containers.map(({ id }) => runtime.removeContainer(id)));
  for (const { id } of sandboxes) {
    await runtime.stopContainer(id, 0).catch(() => {});
    await runtime.removeSandbox(id);
  }
}
