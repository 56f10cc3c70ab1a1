import type { HostFiles, HostProcesses } from './host.ts';

type UnmountHost = Pick<HostFiles, 'readText' | 'realPath'> & Pick<HostProcesses, 'run'>;

/** What is mounted at a path or below it, the outermost first (/proc/self/mountinfo, proc(5)). */
export async function mountPointsBelow(
  host: Pick<HostFiles, 'readText' | 'realPath'>,
  path: string,
): Promise<readonly string[]> {
  const real = (await host.realPath(path)) ?? path;
  const table = (await host.readText('/proc/self/mountinfo')) ?? '';
  return table
    .split('\n')
    .map((line) => plainPath(line.split(' ')[4] ?? ''))
    .filter((point) => point === real || point.startsWith(`${real}/`));
}

/** Spaces and the like are written as octal numbers. */
function plainPath(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}

/** Takes off everything mounted at a path or below, the innermost first; throws when something stays. */
async function unmountBelow(host: UnmountHost, path: string): Promise<void> {
  const points = await mountPointsBelow(host, path);
  for (const point of [...points].reverse()) {
    const { code, stderr } = await host.run('umount', [point], { timeoutMs: 10_000 });
    if (code === 0) continue;
    // Busy: what still uses it keeps it until it ends, and nobody finds it here any more.
    const lazily = await host.run('umount', ['--lazy', point], { timeoutMs: 10_000 });
    if (lazily.code !== 0) throw new Error(`${point} cannot be unmounted: ${stderr.trim()}`);
  }
  const [left] = points.length === 0 ? [] : await mountPointsBelow(host, path);
  if (left !== undefined) throw new Error(`${left} is still mounted`);
}

/**
 * Removes a directory with all that is in it, after taking off what is mounted there: what is behind a mount point is
 * somebody else's and stays. Throws, with nothing removed, when something cannot be taken off.
 */
export async function removeUnmounted(
  host: UnmountHost & Pick<HostFiles, 'remove' | 'stat'>,
  dir: string,
): Promise<void> {
  if ((await host.stat(dir)) === undefined) return;
  await unmountBelow(host, dir);
  await host.remove(dir, { recursive: true });
}
