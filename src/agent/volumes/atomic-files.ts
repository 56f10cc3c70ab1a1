import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { HostFiles } from '../../host/host.ts';
import type { VolumeFile } from './downward-files.ts';
import { giveToGroup } from './ownership.ts';

export type AtomicHost = Pick<
  HostFiles,
  | 'stat'
  | 'list'
  | 'readLink'
  | 'readText'
  | 'makeDirectory'
  | 'makeSymlink'
  | 'rename'
  | 'remove'
  | 'writeFile'
  | 'setMode'
  | 'setOwner'
>;

/**
 * Writes files so that readers see all old or all new ones (kubelet pkg/volume/util/atomic_writer.go): they are in a
 * directory of their own, `..data` leads to it, and each name leads through `..data`. The same again writes nothing.
 */
export async function writeAtomically(
  { host, clock }: { readonly host: AtomicHost; readonly clock: Clock },
  dir: string,
  { files, group }: { readonly files: readonly VolumeFile[]; readonly group: number | undefined },
): Promise<void> {
  await host.makeDirectory(dir, { mode: 0o755 });
  await host.setMode(dir, 0o777);
  const data = join(dir, '..data');
  const old = await host.readLink(data);
  if (old === undefined || !(await holds(host, join(dir, old), files))) {
    const made = timeName(clock.now(), (await host.list(dir)) ?? []);
    await writeAll(host, join(dir, made), files);
    await host.remove(join(dir, '..data_tmp'));
    await host.makeSymlink(made, join(dir, '..data_tmp'));
    await host.rename(join(dir, '..data_tmp'), data);
  }
  await linkNames(host, dir, files);
  await removeOthers(host, dir, (await host.readLink(data)) ?? '');
  if (group !== undefined) await giveToGroup(host, dir, group, { readOnly: true });
}

/** `..2006_01_02_15_04_05.123456789`, not among the names taken. */
function timeName(nowMs: number, taken: readonly string[]): string {
  const time = new Date(nowMs).toISOString().slice(0, 19).replace(/[-T:]/g, '_');
  let count = nowMs % 1000;
  while (taken.includes(`..${time}.${count}`)) count += 1;
  return `..${time}.${count}`;
}

async function holds(host: AtomicHost, dir: string, files: readonly VolumeFile[]): Promise<boolean> {
  for (const { path, data } of files) if ((await host.readText(join(dir, path))) !== data) return false;
  return true;
}

async function writeAll(host: AtomicHost, dir: string, files: readonly VolumeFile[]): Promise<void> {
  await host.makeDirectory(dir, { mode: 0o755 });
  for (const { path, data, mode } of files) {
    await host.makeDirectory(dirname(join(dir, path)), { mode: 0o755 });
    await host.writeFile(join(dir, path), data, { mode });
  }
}

/** Only the first name of a path gets a link; the rest of the path is behind it. */
async function linkNames(host: AtomicHost, dir: string, files: readonly VolumeFile[]): Promise<void> {
  const names = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  for (const name of names) {
    const link = join(dir, name);
    if ((await host.readLink(link)) !== undefined) continue;
    await host.makeSymlink(join('..data', name), link);
  }
}

/** What an agent left that was killed between two steps. */
async function removeOthers(host: AtomicHost, dir: string, current: string): Promise<void> {
  const stale = ((await host.list(dir)) ?? []).filter((name) => /^\.\.\d/.test(name) && name !== current);
  for (const name of stale) await host.remove(join(dir, name), { recursive: true });
}
