import { basename, dirname, join } from 'node:path';
import type { HostFiles } from '../../host/host.ts';

/** A name in a directory that decides what a link leads to. */
export type Hop = { readonly directory: string; readonly name: string };

/** More than the kernel follows (MAXSYMLINKS is 40), counting plain directories on the way. */
const mostSteps = 255;

/**
 * Every link on the way of a path, and the end of the way; nothing when no link is on it. `base` is taken as it is, so
 * that the way to the manifest directory is not walked for every file in it.
 */
export async function linkHops(
  host: Pick<HostFiles, 'readLink'>,
  path: string,
  base: string = '/',
): Promise<readonly Hop[]> {
  const hops: Hop[] = [];
  const parts = partsOf(base === '/' ? path : basename(path));
  let at = base;
  for (let step = 0; step < mostSteps && parts.length > 0; step++) {
    const part = parts.shift() ?? '';
    const here = part === '..' ? dirname(at) : join(at, part);
    const target = part === '..' ? undefined : await host.readLink(here);
    if (target === undefined) {
      at = here;
      continue;
    }
    hops.push({ directory: at, name: part });
    parts.unshift(...partsOf(target));
    if (target.startsWith('/')) at = '/';
  }
  return hops.length === 0 ? [] : [...hops, { directory: dirname(at), name: basename(at) }];
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
