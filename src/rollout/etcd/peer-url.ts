import { sleep } from '../../base/clock.ts';
import { messageOf, OperationError } from '../../base/errors.ts';
import { EtcdStatusError } from '../../etcd/client.ts';
import { listMembers, updatePeerUrls } from '../../etcd/members.ts';
import type { RolloutContext } from '../apply/context.ts';
import { etcdFlags, openEtcd } from './etcd-access.ts';

type PeerContext = Pick<RolloutContext, 'host' | 'paths' | 'clock' | 'signal'> & {
  readonly report: Pick<RolloutContext['report'], 'item' | 'warn'>;
};

/** How long a member that has just become ready may take to answer for the cluster. */
const leaderWithinMs = 5_000;

/**
 * Once etcd is healthy, with its new manifest or its old one again: makes the cluster's list say of this member what the
 * manifest on disk says. The flag itself counts at the first start only. For a single member the time after the restart
 * is right: until then the old address is the one that it listens on, and nobody has to find it by the list.
 * `withinMs` is how long etcd may take to answer. Throws OperationError.
 */
export async function afterEtcdChange(context: PeerContext, withinMs = leaderWithinMs): Promise<void> {
  const flags = await etcdFlags(context.host, context.paths);
  const wanted = flags?.['initial-advertise-peer-urls']?.split(',') ?? [];
  if (flags === undefined || wanted.length === 0) return;
  try {
    const client = await openEtcd(context, flags);
    const { self, members } = await untilAnswered(context, withinMs, () => listMembers(client));
    const own = members.find(({ id }) => id === self);
    if (own === undefined || sameUrls(own.peerUrls, wanted)) return;
    await untilAnswered(context, withinMs, () => updatePeerUrls(client, self, wanted));
    context.report.item({
      item: `etcd member ${own.name}`,
      action: 'update',
      because: `its peer URL is ${wanted.join(', ')}, was ${own.peerUrls.join(', ')}`,
    });
  } catch (thrown) {
    if (thrown instanceof EtcdStatusError && thrown.gatewayIsOff) {
      context.report.warn(`the peer URL in etcd’s member list could not be compared: ${messageOf(thrown)}`);
      return;
    }
    throw new OperationError('the peer URL of the etcd member could not be set', { cause: thrown });
  }
}

function sameUrls(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join() === b.toSorted().join();
}

async function untilAnswered<T>({ clock, signal }: PeerContext, withinMs: number, ask: () => Promise<T>): Promise<T> {
  const giveUpAt = clock.ticks() + withinMs;
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      const final = thrown instanceof EtcdStatusError && thrown.gatewayIsOff;
      if (final || clock.ticks() >= giveUpAt || signal.aborted) throw thrown;
      await sleep(clock, 100, signal);
    }
  }
}
