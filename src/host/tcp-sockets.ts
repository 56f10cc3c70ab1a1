import type { HostFiles } from './host.ts';

export type TcpSocket = {
  readonly family: 4 | 6;
  /** In the form that the kernel and nft use; an IPv4 peer of a socket for both families is IPv4. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: 'listen' | 'established' | 'other';
  readonly inode: string;
};

const tables = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
const states: Readonly<Record<string, TcpSocket['state']>> = { '0A': 'listen', '01': 'established' };

/** The TCP sockets of one local port, as /proc/net/tcp and tcp6 list them (proc(5)). */
export async function tcpSockets(host: Pick<HostFiles, 'readText'>, port: number): Promise<readonly TcpSocket[]> {
  const texts = await Promise.all(tables.map((table) => host.readText(table)));
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return texts.flatMap((text) =>
    (text ?? '').split('\n').flatMap((line) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      return local.endsWith(suffix) ? [socketOf({ local, remote, state, inode })] : [];
    }),
  );
}

function socketOf(row: {
  readonly local: string;
  readonly remote: string;
  readonly state: string;
  readonly inode: string;
}): TcpSocket {
  const [local = '', remote = ''] = [row.local.split(':')[0], row.remote.split(':')[0]];
  const remoteAddress = addressOf(remote);
  return {
    family: remoteAddress.includes(':') ? 6 : 4,
    localAddress: addressOf(local),
    remoteAddress,
    remotePort: Number.parseInt(row.remote.split(':')[1] ?? '', 16),
    state: states[row.state] ?? 'other',
    inode: row.inode,
  };
}

/** Each 32-bit word is printed in the machine's byte order, little-endian where we run. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const mapped = bytes.length === 16 && /^0{20}ffff/i.test(bytes.join(''));
  if (bytes.length === 4 || mapped)
    return bytes
      .slice(-4)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  if (bytes.every((byte) => byte === '00')) return '::';
  const text = (bytes.join('').match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16)).join(':');
  return text === '0:0:0:0:0:0:0:1' ? '::1' : text;
}

/** The inodes of a process's sockets; none when they are not ours to see. */
export async function socketInodes(
  host: Pick<HostFiles, 'list' | 'readLink'>,
  pid: number,
): Promise<ReadonlySet<string>> {
  const names = await host.list(`/proc/${pid}/fd`).catch(() => undefined);
  const targets = await Promise.all(
    (names ?? []).map((name) => host.readLink(`/proc/${pid}/fd/${name}`).catch(() => undefined)),
  );
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target ?? '')?.[1] ?? []));
}
