import type { ChangeOver } from '../plan/expected-gap.ts';
import type { ChangeOverFacts } from './change-over-facts.ts';

const mebi = 2 ** 20;
/** A new API server until it is ready (301 to 313 MB were measured on an empty cluster). */
const leastNeededBytes = 320 * mebi;
/** What must be left to everybody else meanwhile. */
const reserveBytes = 128 * mebi;

/** The best way to change the API server over that this machine allows, and why there is no better one. */
export function planChangeOver(facts: ChangeOverFacts): ChangeOver {
  const alone = recreateReason(facts);
  if (alone !== undefined) return { way: 'recreate', because: alone };
  const shared = shareReason(facts);
  if (shared !== undefined) return { way: 'share', because: shared };
  const loose = noFreezeReason(facts);
  return { way: 'overlap', ...(loose === undefined ? {} : { because: loose }) };
}

function recreateReason({ port, listeners, residentBytes, availableBytes }: ChangeOverFacts): string | undefined {
  if (listeners.length === 0) return `nobody listens on port ${port}`;
  if (availableBytes === undefined) return undefined;
  const neededBytes = Math.max(residentBytes ?? 0, leastNeededBytes) + reserveBytes;
  if (availableBytes >= neededBytes) return undefined;
  return `two need ${mebibytes(neededBytes)} of free memory, there are ${mebibytes(availableBytes)}`;
}

function shareReason(facts: ChangeOverFacts): string | undefined {
  const { port, listeners, perl, uid, ownUid } = facts;
  const [first] = listeners;
  if (listeners.length > 1) return `${listeners.length} sockets listen on port ${port}`;
  if (first?.address !== '::') {
    return `it listens on ${first?.address} and not on [::], so that the new one has no address of its own`;
  }
  // It asks itself at 127.0.0.1 then, and would be answered by the old one.
  if (!facts.hasIpv6Loopback) return 'this machine has no ::1, so that the new one cannot reach itself';
  if (uid === undefined || (ownUid !== 0 && ownUid !== uid)) return 'the running one is another user’s';
  return perl === undefined ? 'there is no perl, which steers new connections' : undefined;
}

/** Why requests in flight on kept connections cannot be held back while the old one closes. */
function noFreezeReason({ netAdmin, nft }: ChangeOverFacts): string | undefined {
  if (!netAdmin) return 'there is no CAP_NET_ADMIN to hold back requests in flight';
  return nft === undefined ? 'there is no nft to hold back requests in flight' : undefined;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / mebi)} MiB`;
}
