import { createHash } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory, stampsDirectory } from './cache.ts';

/** Kept beside each output: from what it was made. Equal recipe and an output of that size: nothing to do. */
export type Stamp = {
  readonly recipe: string;
  readonly goVersion?: string;
  readonly size: number;
  readonly sha256: string;
  readonly seconds: number;
};

/** From what an output would be made now. */
export type Origin = { readonly recipe: string; readonly goVersion?: string | undefined };

/** The stamp when it still holds. Without a go on the machine, what another go has built is as good as ever. */
export function validStamp(name: string, output: string, origin: Origin): Stamp | undefined {
  const stamp = readStamp(name);
  if (stamp?.recipe !== origin.recipe) return undefined;
  if (origin.goVersion && stamp.goVersion && stamp.goVersion !== origin.goVersion) return undefined;
  return statSync(output, { throwIfNoEntry: false })?.size === stamp.size ? stamp : undefined;
}

export function writeStamp(name: string, stamp: Stamp): void {
  ensureDirectory(stampsDirectory());
  const unfinished = `${stampFile(name)}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(stamp, undefined, 2)}\n`);
  renameSync(unfinished, stampFile(name));
}

/** Hash of anything JSON can say; used for recipes. */
export function recipeHash(recipe: unknown): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
}

function readStamp(name: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(stampFile(name), 'utf8')) as Stamp;
  } catch {
    // Absent or torn: the output is made again.
    return undefined;
  }
}

function stampFile(name: string): string {
  return join(stampsDirectory(), `${name}.json`);
}
