import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256Hex } from '../base/hash.ts';
import type { Host, WriteOptions } from './host.ts';
import { syncDirectory } from './node-files.ts';

/** One thing that we made. Written to the record before it is made, so that a kill in between leaves nothing unclaimed. */
type MadeEntry =
  | { readonly path: string; readonly kind: 'file'; readonly sha256: string }
  | { readonly path: string; readonly kind: 'directory' | 'symlink' }
  /** Whatever a program of ours puts into this directory, which was empty when we took it. */
  | { readonly path: string; readonly kind: 'contents' };

/** A file that is replaced may be another's: the record says what was there. */
export type RecordEntry = MadeEntry & { readonly replaced?: boolean };

/** The same machine; what is made through it is told to `record` first. Removing needs no record. */
export function recordingHost(host: Host, record: (entries: readonly RecordEntry[]) => Promise<void>): Host {
  const write = async (path: string, data: string | Uint8Array) => {
    const replaced = (await host.stat(path, { followLinks: false })) !== undefined;
    await record([{ path, kind: 'file', sha256: sha256Hex(data), ...(replaced ? { replaced } : {}) }]);
  };
  return {
    ...host,
    writeFile: async (path, data, options) => {
      await write(path, data);
      await host.writeFile(path, data, options);
    },
    createFile: async (path, data, options) => {
      if ((await host.stat(path, { followLinks: false })) !== undefined) return false;
      await write(path, data);
      return host.createFile(path, data, options);
    },
    makeDirectory: async (path, options?: WriteOptions) => {
      const missing = await missingParents(host, path);
      if (missing.length > 0) await record(missing.map((directory) => ({ path: directory, kind: 'directory' })));
      await host.makeDirectory(path, options);
    },
    makeSymlink: async (target, path) => {
      await record([{ path, kind: 'symlink' }]);
      await host.makeSymlink(target, path);
    },
  };
}

/**
 * Appends lines to a private file; they are on the disk when it returns. What is made next is there after a power cut
 * too, and would be taken for somebody else's without its line.
 */
export async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    const isNew = (await file.stat()).size === 0;
    await file.appendFile(lines.map((line) => `${line}\n`).join(''));
    await file.datasync();
    if (isNew) await syncDirectory(dirname(path));
  } finally {
    await file.close();
  }
}

/** The directories of `path` that are not there, outermost first. */
export async function missingParents(host: Pick<Host, 'stat'>, path: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = path; (await host.stat(at)) === undefined; at = dirname(at)) {
    missing.unshift(at);
    if (at === dirname(at)) break;
  }
  return missing;
}
