import { messageOf } from '../../base/errors.ts';
import { placeText, type RuntimePlace } from '../../runtime/place.ts';
import type { RolloutContext } from '../apply/context.ts';
import { insist, surelyStatus } from '../apply/swap.ts';

/** Has every pod stay in the runtime that they all are in, though the agent is going to be started with another one. */
export async function holdPods(context: RolloutContext, place: RuntimePlace): Promise<void> {
  const { pods } = await surelyStatus(context);
  for (const { file } of pods) {
    if (file !== undefined) await insist(context, () => context.agent.stay(file, placeText(place)));
  }
}

/** Lets the pod of a manifest go where it belongs. Does nothing where it may already. */
export async function releasePod(context: RolloutContext, file: string): Promise<void> {
  await insist(context, () => context.agent.stopOld(file));
}

/** Lets every pod go where it belongs. Whoever is left ends by itself, with this process. */
export async function releasePods(context: RolloutContext): Promise<void> {
  try {
    for (const { file } of (await surelyStatus(context)).pods) if (file !== undefined) await releasePod(context, file);
  } catch (thrown) {
    context.report.warn(messageOf(thrown));
  }
}

/** The agent goes on with one runtime alone, once the other has no pods of ours. */
export async function endMove({ agent, report }: Pick<RolloutContext, 'agent' | 'report'>): Promise<void> {
  await agent.reload().catch((thrown: unknown) => report.warn(messageOf(thrown)));
}
