import * as fs from 'node:fs/promises';
import { join, posix } from 'node:path';
import { hasCode, OperationError } from '../../base/errors.ts';

const maxLinks = 40;

/**
 * Paths inside a directory that is somebody else's root: links are followed as a program with that root would see
 * them, so nothing in it ever leads outside. Keeps what it has looked up; for one unpacking.
 */
export class Rootfs {
  readonly directory: string;
  readonly #known = new Map<string, string>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The path on the host of `path` (of the inside), its parents' links resolved and made if missing, itself not. */
  async locate(path: string): Promise<{ readonly inside: string; readonly outside: string }> {
    const clean = cleanPath(path);
    const parent = await this.#parent(posix.dirname(clean));
    const inside = posix.join(parent, posix.basename(clean));
    return { inside, outside: join(this.directory, inside) };
  }

  /** Forgets what was looked up below a path that is being replaced. */
  forget(): void {
    this.#known.clear();
  }

  async #parent(path: string): Promise<string> {
    if (path === '/') return '/';
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const real = await this.#resolve(path);
    this.#known.set(path, real);
    return real;
  }

  /** Walks one name at a time; what is missing on the way becomes a directory. */
  async #resolve(path: string): Promise<string> {
    let rest = path.split('/').filter(Boolean);
    let real = '/';
    for (let links = 0; rest.length > 0; ) {
      const [name = '', ...after] = rest;
      rest = after;
      // Inside a root the parent of `/` is `/`, which posix.join does too.
      const next = posix.join(real, name);
      const target = name === '..' ? undefined : await this.#linkOrDirectory(next);
      if (target === undefined) {
        real = next;
        continue;
      }
      links += 1;
      if (links > maxLinks) throw new OperationError(`too many links on the way to ${path} in the image`);
      rest = [...target.split('/').filter((part) => part !== '' && part !== '.'), ...rest];
      if (target.startsWith('/')) real = '/';
    }
    return real;
  }

  async #linkOrDirectory(path: string): Promise<string | undefined> {
    const outside = join(this.directory, path);
    try {
      const stats = await fs.lstat(outside);
      if (stats.isDirectory()) return undefined;
      if (stats.isSymbolicLink()) return await fs.readlink(outside);
      throw new OperationError(`${path} in the image is a file and a directory`);
    } catch (thrown) {
      if (!hasCode(thrown, 'ENOENT')) throw thrown;
      await fs.mkdir(outside, { mode: 0o755 });
      return undefined;
    }
  }
}

/** An entry's name as an absolute path of the inside, `..` taken as at a root. Throws on what no file system takes. */
export function cleanPath(path: string): string {
  if (path.includes('\0')) throw new OperationError('the image has a file name with a zero byte');
  return posix.normalize(`/${path.replace(/\/+$/, '')}`);
}

/**
 * A link's text such that it means on the host what it means inside: absolute ones become relative to where they
 * stand, and none climbs above the root.
 */
export function confinedLink(inside: string, target: string): string {
  if (target.includes('\0')) throw new OperationError('the image has a link with a zero byte');
  const directory = posix.dirname(inside);
  if (!target.startsWith('/') && staysInside(directory, target)) return target;
  const absolute = target.startsWith('/') ? posix.normalize(target) : posix.resolve(directory, target);
  return posix.relative(directory, absolute) || '.';
}

function staysInside(directory: string, target: string): boolean {
  let depth = directory.split('/').filter(Boolean).length;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}
