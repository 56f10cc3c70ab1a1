import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { FileInfo, HostFiles } from '../../host/host.ts';
import { manifestName } from './manifest-files.ts';

export type ReadHost = Pick<HostFiles, 'stat' | 'list' | 'readText'>;

/** One file as it was read; `problem` instead of text when it cannot be. */
export type ManifestFile = {
  readonly file: string;
  readonly text?: string;
  readonly problem?: string;
  readonly inode: number;
  readonly modifiedAtMs: number;
};

/** `absent`: the path itself is not there or cannot be read, which says nothing about the files in it. */
export type ManifestListing =
  | { readonly state: 'absent'; readonly reason: string }
  | {
      readonly state: 'read';
      /** The directory to watch. */
      readonly directory: string;
      readonly device: number;
      readonly inode: number;
      readonly files: readonly ManifestFile[];
      /** Nothing at all is in the directory. */
      readonly empty: boolean;
      /** Names that are not read although somebody may expect it, with the reason. */
      readonly ignored: readonly { readonly file: string; readonly reason: string }[];
    };

const longestManifest = 10 * 1024 * 1024;

/** Reads the manifests of a directory, or the one file that the path is. */
export async function readManifests(host: ReadHost, path: string): Promise<ManifestListing> {
  try {
    const found = await host.stat(path);
    if (found === undefined) return { state: 'absent', reason: `${path} is not there` };
    if (found.kind === 'directory') return await readDirectory(host, path, found);
    if (found.kind !== 'file') return { state: 'absent', reason: `${path} is a ${found.kind}` };
    const directory = await host.stat(dirname(path));
    if (directory === undefined) return { state: 'absent', reason: `${dirname(path)} is not there` };
    const { device, inode } = directory;
    const files = [await readOne(host, path, found)];
    return { state: 'read', directory: dirname(path), device, inode, files, empty: false, ignored: [] };
  } catch (thrown) {
    return { state: 'absent', reason: `${path} cannot be read: ${messageOf(thrown)}` };
  }
}

async function readDirectory(host: ReadHost, directory: string, found: FileInfo): Promise<ManifestListing> {
  const names = await host.list(directory);
  if (names === undefined) return { state: 'absent', reason: `${directory} is not there` };
  const files: ManifestFile[] = [];
  const ignored: { file: string; reason: string }[] = [];
  for (const name of names) {
    const file = join(directory, name);
    const use = manifestName(name);
    if (use === 'leftover') ignored.push({ file, reason: 'looks like an editor’s leftover' });
    if (use !== 'read') continue;
    const info = await host.stat(file).catch(() => undefined);
    const gone = info === undefined && (await host.stat(file, { followLinks: false })) === undefined;
    if (gone) continue;
    if (info === undefined)
      files.push({ file, inode: 0, modifiedAtMs: 0, problem: 'it leads to nothing that can be read' });
    else if (info.kind === 'file') files.push(await readOne(host, file, info));
    else ignored.push({ file, reason: `is a ${info.kind}, not a file` });
  }
  const { device, inode } = found;
  return { state: 'read', directory, device, inode, files, empty: names.length === 0, ignored };
}

async function readOne(host: ReadHost, file: string, info: FileInfo): Promise<ManifestFile> {
  const { inode, modifiedAtMs } = info;
  if (info.size > longestManifest) {
    return {
      file,
      inode,
      modifiedAtMs,
      problem: `${basename(file)} has ${info.size} bytes; 10 MiB are the most that is read`,
    };
  }
  try {
    const text = await host.readText(file);
    return { file, inode, modifiedAtMs, ...(text === undefined ? { problem: 'it vanished' } : { text }) };
  } catch (thrown) {
    return { file, inode, modifiedAtMs, problem: `cannot be read: ${messageOf(thrown)}` };
  }
}
