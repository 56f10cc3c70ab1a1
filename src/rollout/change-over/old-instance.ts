import { sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { ProcessIdentity } from '../../host/host.ts';
import { isAlive } from '../../host/is-alive.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { RolloutContext } from '../apply/context.ts';
import { restoreServiceAddresses, type ServiceAddresses } from './guard.ts';
import { listeningInodes } from './new-instance.ts';

const lookEveryMs = 20;
const guardEveryMs = 40;
/** An old instance that cannot be watched has emptied the addresses by then. */
const unseenForMs = 3_000;
/** The agent kills it at the end of its grace period. */
const goneWithinMs = 60_000;

type WaitContext = Pick<RolloutContext, 'host' | 'clock' | 'report'>;

/** The instance that leaves: its listeners, and its process where it can be seen. */
export type OldInstance = {
  readonly port: number;
  readonly sockets: ReadonlySet<string>;
  readonly process: ProcessIdentity | undefined;
};

/** Whether the old one listens no more, waiting for it for `timeoutMs`. */
export async function listensNoMore(
  { host, clock }: WaitContext,
  { port, sockets }: OldInstance,
  timeoutMs: number,
): Promise<boolean> {
  for (const sinceTicks = clock.ticks(); ; ) {
    const listening = await listeningInodes(host, port);
    if (![...sockets].some((inode) => listening.has(inode))) return true;
    if (clock.ticks() - sinceTicks >= timeoutMs) return false;
    await sleep(clock, lookEveryMs);
  }
}

/** Waits until the old one has gone, and meanwhile writes back the addresses that it takes away. Never fails. */
export async function guardUntilGone(
  context: WaitContext,
  old: OldInstance,
  guarded: { readonly client: KubeClient; readonly addresses: ServiceAddresses },
): Promise<void> {
  const { clock, report } = context;
  const sinceTicks = clock.ticks();
  let problem: string | undefined;
  for (let gone = false; ; ) {
    // Once more after it has gone: it may have emptied them right before.
    try {
      await restoreServiceAddresses(guarded.client, guarded.addresses);
      problem = undefined;
    } catch (thrown) {
      problem = messageOf(thrown);
    }
    const elapsedMs = clock.ticks() - sinceTicks;
    if (gone || elapsedMs > goneWithinMs) break;
    gone = await isGone(context, old, elapsedMs);
    if (!gone) await sleep(clock, guardEveryMs);
  }
  if (problem !== undefined) {
    report.warn(`the addresses of default/kubernetes: ${problem}; the new kube-apiserver puts them right in 10 s`);
  }
}

async function isGone({ host }: WaitContext, { process }: OldInstance, elapsedMs: number): Promise<boolean> {
  if (process === undefined) return elapsedMs >= unseenForMs;
  return !(await isAlive(host, process));
}
