import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { hasCode } from '../base/errors.ts';
import type { HeldPath, HoldOptions, HostHeldPaths } from './host.ts';

/** Names a place without reading it; not among Node's constants (Linux asm-generic/fcntl.h). */
const pathOnly = 0o10000000;

/** Places inside a directory, held open by descriptors. */
export const nodeHeldPaths: HostHeldPaths = { holdInside };

/**
 * As the kubelet's pkg/volume/util/subpath: links are resolved once, the outcome must be inside, and then every name is
 * opened from its parent's descriptor without following links; so what is swapped meanwhile is seen, not followed.
 */
async function holdInside<T>(
  base: string,
  path: string,
  options: HoldOptions,
  use: (held: HeldPath) => Promise<T>,
): Promise<T> {
  const realBase = await fs.realpath(base);
  const { names, missing } = await plainNames(realBase, path);
  if (missing.length > 0 && options.makeMissing === undefined) {
    throw Object.assign(new Error(`${path} is not there`), { code: 'ENOENT' });
  }
  let held = await fs.open(realBase, pathOnly | constants.O_DIRECTORY);
  try {
    for (const [index, name] of [...names, ...missing].entries()) {
      const next = await step(held, name, index < names.length ? undefined : options.makeMissing);
      await held.close();
      held = next;
    }
    const { isDirectory } = await kindOf(held);
    return await use({ path: descriptorPath(held), isDirectory });
  } finally {
    await held.close();
  }
}

/** The names from the base to the place with all links resolved, and those that are not there yet. */
async function plainNames(realBase: string, path: string): Promise<{ names: string[]; missing: string[] }> {
  const missing: string[] = [];
  const given = path.split(sep).filter((name) => name !== '' && name !== '.');
  if (given.includes('..')) throw new Error(`${path} holds ..`);
  for (;;) {
    const real = await realPath(join(realBase, ...given));
    if (real !== undefined) {
      const inside = relative(realBase, real);
      if (inside === '..' || inside.startsWith(`..${sep}`)) throw new Error(`${path} leads out of its directory`);
      return { names: inside.split(sep).filter((name) => name !== ''), missing };
    }
    const last = given.pop();
    if (last === undefined) throw new Error(`${realBase} is gone`);
    missing.unshift(last);
  }
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await fs.realpath(path);
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}

async function step(parent: fs.FileHandle, name: string, makeMode: number | undefined): Promise<fs.FileHandle> {
  const path = join(descriptorPath(parent), name);
  const made = makeMode !== undefined && (await make(path));
  const next = await fs.open(path, pathOnly | constants.O_NOFOLLOW);
  try {
    const { isLink } = await kindOf(next);
    if (isLink) throw new Error(`${name} has become a link`);
    // The umask took bits away.
    if (made) await fs.chmod(descriptorPath(next), makeMode);
    return next;
  } catch (thrown) {
    await next.close();
    throw thrown;
  }
}

async function make(path: string): Promise<boolean> {
  try {
    await fs.mkdir(path);
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false;
    throw thrown;
  }
}

async function kindOf(handle: fs.FileHandle): Promise<{ readonly isDirectory: boolean; readonly isLink: boolean }> {
  const stats = await handle.stat();
  return { isDirectory: stats.isDirectory(), isLink: stats.isSymbolicLink() };
}

/** By pid, so that programs that we start see it too. */
function descriptorPath(handle: fs.FileHandle): string {
  return `/proc/${process.pid}/fd/${handle.fd}`;
}
