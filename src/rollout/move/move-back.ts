import { messageOf } from '../../base/errors.ts';
import { placeText, typeOfContainerId } from '../../runtime/place.ts';
import type { RolloutContext } from '../apply/context.ts';
import { insist, surelyStatus } from '../apply/swap.ts';
import type { RuntimeMove } from '../types.ts';
import { moveOtherPods } from './move-pods.ts';
import { endMove, releasePods } from './places.ts';

/** Has what has moved already stay in the new runtime, before the agent goes back to the old one. */
export async function holdMoved(context: RolloutContext, { to }: RuntimeMove): Promise<void> {
  for (const { file, pod } of (await surelyStatus(context)).pods) {
    const isMoved = (pod.status?.containerStatuses ?? []).some(
      ({ containerID }) => containerID !== undefined && typeOfContainerId(containerID) === to.type,
    );
    if (file !== undefined && isMoved) await insist(context, () => context.agent.stay(file, placeText(to)));
  }
}

/** After the components: the other pods go back too, and the agent goes on with the old runtime alone. Gives what failed. */
export async function moveBack(context: RolloutContext, { from }: RuntimeMove): Promise<readonly string[]> {
  const problems: string[] = [];
  await moveOtherPods(context, { to: from }).catch((thrown: unknown) => problems.push(messageOf(thrown)));
  await releasePods(context);
  await endMove(context);
  return problems;
}
