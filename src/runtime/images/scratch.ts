import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../base/errors.ts';
import type { HostProcesses } from '../../host/host.ts';
import { isAlive } from '../../host/is-alive.ts';
import { allTags, imageDirectory, type StoreFiles, type StorePaths, storePaths, tagFile } from './store.ts';

export type ScratchHost = Pick<HostProcesses, 'identify'> & { readonly pid: number };

/**
 * Runs `action` with a scratch directory of its own on the store's file system; clears it afterwards, and those of
 * processes that died over theirs.
 */
export async function withScratch<T>(
  host: ScratchHost,
  paths: StorePaths,
  action: (scratch: string) => Promise<T>,
): Promise<T> {
  await fs.mkdir(paths.images, { recursive: true, mode: 0o755 });
  await fs.mkdir(paths.temporary, { recursive: true, mode: 0o700 });
  await clearAbandoned(host, paths);
  const own = await host.identify(host.pid);
  const scratch = await fs.mkdtemp(join(paths.temporary, `${host.pid}.${own?.startTicks ?? 0}.`));
  try {
    return await action(scratch);
  } finally {
    await removeTree(scratch);
  }
}

/** Takes an image and its names away; nothing there is fine. */
export async function removeStored(host: ScratchHost & StoreFiles, storeDir: string, id: string): Promise<void> {
  const paths = storePaths(storeDir);
  for (const tag of await allTags(host, paths)) {
    if (tag.id === id) await host.remove(tagFile(paths, tag.reference));
  }
  await withScratch(host, paths, async (scratch) => {
    try {
      // Away by one rename: nobody finds half an image.
      await fs.rename(imageDirectory(paths, id), join(scratch, 'removed'));
    } catch (thrown) {
      if (!hasCode(thrown, 'ENOENT')) throw thrown;
    }
  });
}

/** Removes a tree that may hold directories without write permission. */
async function removeTree(path: string): Promise<void> {
  await eachDirectory(path, (directory) => fs.chmod(directory, 0o700));
  await fs.rm(path, { recursive: true, force: true });
}

/** Calls `action` with each real directory of a tree, parents first. */
export async function eachDirectory(path: string, action: (directory: string) => Promise<void>): Promise<void> {
  try {
    await action(path);
    for (const entry of await fs.readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory()) await eachDirectory(join(path, entry.name), action);
    }
  } catch (thrown) {
    if (!hasCode(thrown, 'ENOENT')) throw thrown;
  }
}

async function clearAbandoned(host: ScratchHost, paths: StorePaths): Promise<void> {
  for (const name of await fs.readdir(paths.temporary)) {
    const [, pid = '', startTicks = ''] = /^(\d+)\.(\d+)\./.exec(name) ?? [];
    const alive = pid !== '' && (await isAlive(host, { pid: Number(pid), startTicks }));
    if (!alive) await removeTree(join(paths.temporary, name));
  }
}
