import { join } from 'node:path';
import { PreflightError } from '../../base/errors.ts';
import { sha256Hex } from '../../base/hash.ts';
import type { Host, HostFiles } from '../../host/host.ts';

type SocketPaths = { readonly agentSocket: string };

/** The kernel's room for a socket's path (unix(7): sun_path has 108 bytes with the final zero). */
const longestSocketPath = 107;

/** Where the agent of this root directory listens, as told by the file beside when the path is too long for a socket. */
export async function agentSocketPath(host: Pick<HostFiles, 'readText'>, paths: SocketPaths): Promise<string> {
  if (fits(paths.agentSocket)) return paths.agentSocket;
  const told = (await host.readText(pointerOf(paths)))?.trim();
  return told === undefined || told === '' ? paths.agentSocket : told;
}

/**
 * Makes ready where the agent shall listen: the socket's own path, else a directory of the user's own (0700), named
 * after the path, with a file beside the proper place that tells it. What a killed agent left there is removed.
 */
export async function prepareSocketPath(
  host: Pick<Host, 'makeDirectory' | 'stat' | 'writeFile' | 'remove' | 'env' | 'temporaryDirectory' | 'uid'>,
  paths: SocketPaths & { readonly runDir: string },
): Promise<string> {
  await host.makeDirectory(paths.runDir, { mode: 0o700 });
  const path = fits(paths.agentSocket) ? paths.agentSocket : await shortPath(host, paths);
  await host.remove(path);
  return path;
}

/** Takes away what prepareSocketPath made. */
export async function removeSocketPath(
  host: Pick<HostFiles, 'remove'>,
  paths: SocketPaths,
  path: string,
): Promise<void> {
  await host.remove(path);
  if (path !== paths.agentSocket) await host.remove(pointerOf(paths));
}

async function shortPath(
  host: Pick<Host, 'makeDirectory' | 'stat' | 'writeFile' | 'env' | 'temporaryDirectory' | 'uid'>,
  paths: SocketPaths,
): Promise<string> {
  const base = host.env('XDG_RUNTIME_DIR') ?? host.temporaryDirectory();
  const directory = join(base, `kube-bootstrap-${host.uid}-${sha256Hex(paths.agentSocket).slice(0, 12)}`);
  await host.makeDirectory(directory, { mode: 0o700 });
  const found = await host.stat(directory, { followLinks: false });
  // Anybody may have made it before us in a directory that is open to all.
  if (found?.kind !== 'directory' || found.uid !== host.uid || (found.mode & 0o077) !== 0) {
    throw new PreflightError(`${directory} is not a private directory of ours`, {
      hint: `remove it, or use a --root-dir whose agent.sock has at most ${longestSocketPath} bytes`,
    });
  }
  const path = join(directory, 'agent.sock');
  await host.writeFile(pointerOf(paths), `${path}\n`, { mode: 0o600 });
  return path;
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= longestSocketPath;
}

function pointerOf({ agentSocket }: SocketPaths): string {
  return `${agentSocket}.path`;
}
