import { sleep } from '../../base/clock.ts';
import { humanDuration } from '../../base/duration.ts';
import { OperationError } from '../../base/errors.ts';
import type { AgentPod } from '../../kube/agent-socket.ts';
import { type RuntimePlace, typeOfContainerId } from '../../runtime/place.ts';
import type { RolloutContext } from '../apply/context.ts';
import { surelyStatus } from '../apply/swap.ts';
import type { RuntimeMove } from '../types.ts';
import { releasePod } from './places.ts';
import { otherPods } from './plan-move.ts';

const lookEveryMs = 250;
/** What the agent says of a pod that a runtime never runs; as it is not stopped for that, it stays where it was. */
const refusal = /cannot run here: /;

/**
 * Moves the pods that are no components, one after the other: each has to be ready again before the next, if it was ready
 * before. Throws OperationError for one that is late, or that the other runtime cannot run.
 */
export async function moveOtherPods(context: RolloutContext, { to }: Pick<RuntimeMove, 'to'>): Promise<void> {
  const status = await surelyStatus(context);
  for (const { file } of otherPods(status, context.paths)) {
    context.signal.throwIfAborted();
    const before = status.pods.find((entry) => entry.file === file);
    if (before === undefined) continue;
    await releasePod(context, file);
    await untilThere(context, { before, to });
  }
}

async function untilThere(
  context: RolloutContext,
  { before, to }: { readonly before: AgentPod; readonly to: RuntimePlace },
): Promise<void> {
  const { clock, signal, report, config } = context;
  const { healthTimeoutMs } = config.bootstrap.rollout;
  const [sinceMs, sinceTicks] = [clock.now(), clock.ticks()];
  const { namespace, name } = before.pod.metadata;
  for (;;) {
    const now = (await surelyStatus(context)).pods.find(({ file }) => file === before.file);
    // Whose manifest has gone meanwhile need not be anywhere.
    if (now === undefined || isThere(now, before, to)) return;
    const problem = now.lastError ?? now.doing ?? 'it is not ready';
    if (refusal.test(problem)) throw new OperationError(`${namespace}/${name} cannot move to ${to.type}: ${problem}`);
    if (clock.ticks() - sinceTicks >= healthTimeoutMs) {
      throw new OperationError(
        `${namespace}/${name} has not moved to ${to.type} after ${humanDuration(healthTimeoutMs)}: ${problem}`,
      );
    }
    report.waiting(`${namespace}/${name}: ${problem}`, sinceMs);
    await sleep(clock, lookEveryMs, signal);
  }
}

/** A pod that has come to its end is not run again; one that was not ready before is not waited for. */
function isThere(now: AgentPod, before: AgentPod, { type }: RuntimePlace): boolean {
  if (hasEnded(before)) return true;
  const statuses = now.pod.status?.containerStatuses ?? [];
  const elsewhere = statuses.some(
    ({ containerID }) => containerID !== undefined && typeOfContainerId(containerID) !== type,
  );
  return !elsewhere && (isReady(now) || hasEnded(now) || !isReady(before));
}

function isReady({ pod }: AgentPod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function hasEnded({ pod }: AgentPod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
