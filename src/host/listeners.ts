import { readdir, readFile, readlink } from 'node:fs/promises';
import type { ListeningSocket } from './host.ts';

/** Who listens on a TCP port: /proc/net/tcp{,6} for the socket, /proc/PID/fd for its owner (others' only for root). */
export async function listeners(port: number): Promise<readonly ListeningSocket[]> {
  const sockets = [...(await listening('/proc/net/tcp', port)), ...(await listening('/proc/net/tcp6', port))];
  if (sockets.length === 0) return [];
  const owners = await ownersOf(new Set(sockets.map(({ inode }) => inode)));
  return sockets.map(({ address, inode }) => ({ address, port, ...owners.get(inode) }));
}

async function listening(path: string, port: number): Promise<{ address: string; inode: string }[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row[3] === '0A' && Number.parseInt(row[1]?.split(':')[1] ?? '', 16) === port)
    .map((row) => ({ address: addressOf(row[1]?.split(':')[0] ?? ''), inode: row[9] ?? '' }));
}

/** The kernel prints each 32-bit word in the machine's byte order, little-endian where we run. */
function addressOf(hex: string): string {
  const bytes = hex.match(/.{8}/g)?.flatMap((word) => (word.match(/../g) ?? []).reverse()) ?? [];
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = bytes.join('').match(/.{4}/g) ?? [];
  const text = groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
  return text === '0:0:0:0:0:0:0:0' ? '::' : text === '0:0:0:0:0:0:0:1' ? '::1' : text;
}

async function ownersOf(inodes: ReadonlySet<string>): Promise<Map<string, { pid: number; program: string }>> {
  const owners = new Map<string, { pid: number; program: string }>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode) || owners.has(inode)) continue;
      const program = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
      owners.set(inode, { pid: Number(pid), program });
    }
  }
  return owners;
}

/** `pid 812 (nginx)`, as far as /proc tells. */
export function holderOf(listeners: readonly ListeningSocket[]): string | undefined {
  const known = listeners.find(({ pid }) => pid !== undefined);
  return known === undefined ? undefined : `pid ${known.pid} (${known.program ?? 'unknown program'})`;
}
