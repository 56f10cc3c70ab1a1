import { readdir, readFile, readlink } from 'node:fs/promises';
import type { ListeningSocket } from './host.ts';
import { tcpSockets } from './tcp-sockets.ts';

/** Who listens on a TCP port: /proc/net/tcp{,6} for the socket, /proc/PID/fd for its owner (others' only for root). */
export async function listeners(port: number): Promise<readonly ListeningSocket[]> {
  const readText = (path: string) => readFile(path, 'utf8').catch(() => '');
  const sockets = (await tcpSockets({ readText }, port)).filter(({ state }) => state === 'listen');
  if (sockets.length === 0) return [];
  const owners = await ownersOf(new Set(sockets.map(({ inode }) => inode)));
  return sockets.map(({ localAddress, inode }) => ({ address: localAddress, port, ...owners.get(inode) }));
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
