import { sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ComponentSwap, RolloutContext } from '../apply/context.ts';
import { freeze } from './freeze.ts';
import { readServiceAddresses } from './guard.ts';
import { untilItAnswers, untilItListens } from './new-instance.ts';
import { guardUntilGone, listensNoMore, type OldInstance } from './old-instance.ts';
import { type PortGroup, steer } from './port-group.ts';
import { privateAddress } from './steering-program.ts';

/** Connections on their way when the turn came are taken up by then. */
const turnMs = 500;
/**
 * Requests are held back no longer than this, even when the old one goes on listening (--shutdown-delay-duration). A busy
 * engine takes more than a second to stop a container.
 */
const frozenAtMostMs = 2_000;
/** What was asked before is answered before the old one is told to stop: its /readyz says 500 from then on. */
const answersMs = 50;
const afterCloseMs = 100;
const listensAtMostMs = 60_000;
const goodAnswers = 3;
const answerWithinMs = 5_000;

export type SteeredInput = {
  readonly group: PortGroup;
  readonly old: OldInstance;
  /** `nft`, where requests in flight can be held back. */
  readonly nft: string | undefined;
};

/** Begins to steer; all connections still go to the old instance. Throws when the kernel does not let us. */
export function steerToOld(context: RolloutContext, group: PortGroup): Promise<void> {
  return steer(context.host, group, { privately: 1, others: 0 });
}

/**
 * Starts the new instance behind an address of its own, turns all new connections to it once it is ready, then stops the
 * old one. Rejects before the turn with everything still at the old one. If this process dies in the middle: the
 * program goes with the sockets, the drop rules empty themselves, the agent undoes the rest, and the kernel's setting, which
 * harms nobody, is put back by the next change.
 */
export async function changeOverSteered(
  context: RolloutContext,
  swap: ComponentSwap,
  input: SteeredInput,
): Promise<void> {
  await swap.swap();
  const client = await untilReady(context, swap, input);
  await turn(context, swap, { ...input, client });
}

async function untilReady(
  context: RolloutContext,
  swap: ComponentSwap,
  { group, old }: SteeredInput,
): Promise<KubeClient> {
  const server = `https://${privateAddress}:${group.port}`;
  const listens = () => untilItListens(context, { port: group.port, old: old.sockets });
  await listens();
  await swap.gate({ server });
  // Without our signal: what has turned is brought to its end.
  const access = { server, anyName: true, timeoutMs: answerWithinMs };
  const client = await context.kube(context.paths.adminConf, access);
  await untilItAnswers(context, { client, times: goodAnswers });
  // Had it ended meanwhile, the old one would have given all those answers.
  await listens();
  return client;
}

async function turn(
  context: RolloutContext,
  swap: ComponentSwap,
  input: SteeredInput & { readonly client: KubeClient },
): Promise<void> {
  const { host, clock, agent } = context;
  const { group, old, client } = input;
  const addresses = await readServiceAddresses(client).catch(() => []);
  await steer(host, group, { privately: 1, others: 1 });
  try {
    await sleep(clock, turnMs);
    await stopFrozen(context, input, () => agent.stopOld(swap.manifest.file));
  } catch (thrown) {
    await steerToOld(context, group).catch(() => {});
    throw thrown;
  }
  await guardUntilGone(context, old, { client, addresses });
  // Whoever is alone gets them all; but the next instance to share the port shall not find a program there.
  await steer(host, group, undefined).catch(warning(context, 'the steering of new connections stays'));
}

/** Stops the old one; no request reaches it from right before until it listens no more. */
async function stopFrozen(
  context: RolloutContext,
  { old, nft, group }: SteeredInput,
  stopOld: () => Promise<void>,
): Promise<void> {
  const { host, clock } = context;
  const warn = warning(context, 'requests in flight are not held back');
  const pid = old.process?.pid;
  const frozen =
    nft === undefined || pid === undefined ? undefined : await freeze(host, { nft, pid, port: group.port }).catch(warn);
  try {
    if (frozen !== undefined) await sleep(clock, answersMs);
    await stopOld();
    await listensNoMore(context, old, frozenAtMostMs);
    await sleep(clock, afterCloseMs);
  } finally {
    await frozen?.thaw().catch(warning(context, 'the nft table is left; it is empty after 3 s'));
  }
  await listensNoMore(context, old, listensAtMostMs);
}

/** Says what could not be done, and why. */
export function warning({ report }: Pick<RolloutContext, 'report'>, what: string): (thrown: unknown) => undefined {
  return (thrown) => {
    report.warn(`${what}: ${messageOf(thrown)}`);
    return undefined;
  };
}
