import { dirname } from 'node:path';
import { sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { componentState } from '../../health/component-state.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { RuntimePlace } from '../../runtime/place.ts';
import type { RolloutContext } from './context.ts';
import { exitsWithOneMore } from './gate.ts';
import { type Instance, instanceIn, instanceOf, isAnother, isIn } from './instance.ts';

const agentWithinMs = 20_000;
const askEveryMs = 100;

/** What the agent made of a manifest that was put in place. */
export type Swapped = {
  /** Whether an instance is the one that is to come. */
  readonly accept: (now: Instance) => boolean;
  readonly exitsBefore: number;
  /** Of one that moves: whether it is in the other container runtime. */
  readonly arrived?: (now: Instance) => boolean;
};

/** What the agent says; brings it back when it has died. Throws when none comes. */
export async function surelyStatus(context: RolloutContext): Promise<AgentStatus> {
  return insist(context, async () => {
    const status = await context.agent.status();
    if (status === undefined) throw new Error('the agent does not answer');
    return status;
  });
}

/** Has the agent read the manifests. */
export async function surelyLook(context: RolloutContext): Promise<void> {
  await insist(context, () => context.agent.look());
}

/**
 * Writes a manifest (undefined: it is right already), has the agent take it up, and when that is no other pod for it has
 * the pod started anew.
 */
export async function putManifest(
  context: RolloutContext,
  put: {
    readonly component: ComponentName;
    readonly file: string;
    readonly text?: string;
    /** The container runtime that it goes to; it was kept from that until now. */
    readonly to?: RuntimePlace | undefined;
  },
): Promise<Swapped> {
  const { component, file, text, to } = put;
  const old = componentState(await surelyStatus(context), component);
  const before = instanceOf(old);
  if (text !== undefined) {
    await context.host.makeDirectory(dirname(file), { mode: 0o700 });
    await context.host.writeFile(file, text, { mode: 0o600 });
  }
  await surelyLook(context);
  const now = instanceIn(await surelyStatus(context), component);
  const same = now.uid === before.uid && before.containerId !== undefined;
  if (to !== undefined) await insist(context, () => context.agent.stopOld(file));
  else if (same && !isAnother(now, before)) await insist(context, () => context.agent.restart(file));
  const arrived = (seen: Instance) => to === undefined || isIn(seen, to);
  return {
    accept: (seen) => isAnother(seen, before) && arrived(seen),
    exitsBefore: same ? exitsWithOneMore(old) : 0,
    arrived,
  };
}

/** Tries again while the agent is away, and starts one where none lives. */
export async function insist<T>(context: RolloutContext, ask: () => Promise<T>): Promise<T> {
  const { clock, signal, agent } = context;
  const sinceTicks = clock.ticks();
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      signal.throwIfAborted();
      if (clock.ticks() - sinceTicks > agentWithinMs) {
        throw new Error(`the agent cannot be asked: ${messageOf(thrown)}`, { cause: thrown });
      }
      await agent.revive();
    }
    await sleep(clock, askEveryMs, signal);
  }
}
