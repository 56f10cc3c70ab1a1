import type { Host, ListeningSocket } from '../../host/host.ts';
import { availableMemory } from '../canary/memory.ts';

/** What this machine has for a change over of the API server that listens on a port. */
export type ChangeOverFacts = {
  readonly port: number;
  /** Who listens there; a pid only where /proc may be read. */
  readonly listeners: readonly ListeningSocket[];
  /** The user that the API server runs as, and its resident memory; undefined when it cannot be told. */
  readonly uid: number | undefined;
  readonly residentBytes: number | undefined;
  readonly availableBytes: number | undefined;
  readonly ownUid: number;
  readonly perl: string | undefined;
  readonly nft: string | undefined;
  /** Whether we have CAP_NET_ADMIN. */
  readonly netAdmin: boolean;
  /** Whether the machine has ::1, where an API server that listens on [::] asks itself. */
  readonly hasIpv6Loopback: boolean;
};

export type ChangeOverHost = Pick<Host, 'listeners' | 'readText' | 'findProgram' | 'uid' | 'addresses'>;

/** Bit 12 of the effective capabilities (linux/capability.h). */
const netAdminBit = 12n;

/** Asks the machine; changes nothing. */
export async function gatherChangeOverFacts(host: ChangeOverHost, port: number): Promise<ChangeOverFacts> {
  const [listeners, meminfo, own, perl, nft] = await Promise.all([
    host.listeners(port),
    host.readText('/proc/meminfo'),
    host.readText('/proc/self/status'),
    host.findProgram('perl'),
    host.findProgram('nft'),
  ]);
  const pid = listeners[0]?.pid;
  const status = pid === undefined ? undefined : await host.readText(`/proc/${pid}/status`);
  const kibibytes = field(status, 'VmRSS');
  const uid = field(status, 'Uid');
  const capabilities = BigInt(`0x${field(own, 'CapEff') ?? '0'}`);
  return {
    ...{ port, listeners, perl, nft, ownUid: host.uid },
    uid: uid === undefined ? undefined : Number(uid),
    residentBytes: kibibytes === undefined ? undefined : Number(kibibytes) * 1024,
    availableBytes: availableMemory(meminfo),
    hasIpv6Loopback: host.addresses().some(({ loopback, family }) => loopback && family === 6),
    netAdmin: ((capabilities >> netAdminBit) & 1n) === 1n,
  };
}

/** The second number of `Uid` is the effective one. */
function field(status: string | undefined, name: 'VmRSS' | 'Uid' | 'CapEff'): string | undefined {
  const pattern = name === 'Uid' ? /^Uid:\s+\d+\s+(\d+)/m : new RegExp(`^${name}:\\s+(\\w+)`, 'm');
  return pattern.exec(status ?? '')?.[1];
}
