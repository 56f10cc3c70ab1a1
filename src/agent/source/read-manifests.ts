import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { FileInfo, HostFiles } from '../../host/host.ts';
import { manifestName } from './manifest-files.ts';
import { manifestText } from './manifest-text.ts';

export type ReadHost = Pick<HostFiles, 'stat' | 'list' | 'readFile'>;

/** One file as it was read; `problem` instead of text when it cannot be. */
export type ManifestFile = {
  readonly file: string;
  readonly text?: string;
  readonly problem?: string;
  readonly inode: number;
  readonly modifiedAtMs: number;
  /** It is a symlink. */
  readonly link: boolean;
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
      readonly ignored: readonly Ignored[];
    };

type Ignored = { readonly file: string; readonly reason: string };

const longestManifest = 10 * 1024 * 1024;
/** Files read at the same time. */
const lanes = 16;

/** Reads the manifests of a directory, or the one file that the path is; `isFile`: it was a file before. */
export async function readManifests(
  host: ReadHost,
  path: string,
  { isFile }: { readonly isFile: boolean },
): Promise<ManifestListing> {
  try {
    const found = await host.stat(path);
    if (found === undefined) return isFile ? await readSingle(host, path) : absent(`${path} is not there`);
    if (found.kind === 'directory') return await readDirectory(host, path, found);
    if (found.kind !== 'file') return absent(`${path} is a ${found.kind}`);
    return await readSingle(host, path, found);
  } catch (thrown) {
    return absent(`${path} cannot be read: ${messageOf(thrown)}`);
  }
}

const absent = (reason: string): ManifestListing => ({ state: 'absent', reason });

async function readSingle(host: ReadHost, path: string, found?: FileInfo): Promise<ManifestListing> {
  const directory = dirname(path);
  const [info, names = []] = await Promise.all([host.stat(directory), host.list(directory)]);
  if (info === undefined) return absent(`${directory} is not there`);
  const file = found && (await readOne(host, path, found));
  const files = file === undefined ? [] : [file];
  const { device, inode } = info;
  return { state: 'read', directory, device, inode, files, empty: names.length === 0, ignored: [] };
}

async function readDirectory(host: ReadHost, directory: string, found: FileInfo): Promise<ManifestListing> {
  const names = await host.list(directory);
  if (names === undefined) return absent(`${directory} is not there`);
  const files: ManifestFile[] = [];
  const ignored: Ignored[] = [];
  for (let first = 0; first < names.length; first += lanes) {
    const read = names.slice(first, first + lanes).map((name) => readEntry(host, join(directory, name), name));
    for (const entry of await Promise.all(read)) {
      if (entry === undefined) continue;
      if ('reason' in entry) ignored.push(entry);
      else files.push(entry);
    }
  }
  const { device, inode } = found;
  return { state: 'read', directory, device, inode, files, empty: names.length === 0, ignored };
}

async function readEntry(host: ReadHost, file: string, name: string): Promise<ManifestFile | Ignored | undefined> {
  const use = manifestName(name);
  if (use === 'leftover') return { file, reason: 'looks like an editor’s leftover' };
  if (use !== 'read') return undefined;
  const own = await host.stat(file, { followLinks: false });
  // Node replaces bytes that are no UTF-8, and then does not find the name again.
  if (own === undefined) return name.includes('\ufffd') ? { file, reason: 'has a name that is not UTF-8' } : undefined;
  const link = own.kind === 'symlink';
  const info = link ? await host.stat(file).catch(() => undefined) : own;
  if (info === undefined) return unread(file, own, 'it is a link that leads to nothing that can be read');
  if (info.kind === 'file') {
    const read = await readOne(host, file, info);
    return read && { ...read, link };
  }
  return { file, reason: `is a ${info.kind}, not a file` };
}

/** Undefined when it is not there any more. */
async function readOne(host: ReadHost, file: string, info: FileInfo): Promise<ManifestFile | undefined> {
  if (info.size > longestManifest)
    return unread(file, info, `${basename(file)} has ${info.size} bytes; 10 MiB are the most that is read`);
  try {
    const bytes = await host.readFile(file);
    if (bytes === undefined) return undefined;
    // What was read may be newer than what `info` says of it.
    const { inode, modifiedAtMs } = (await host.stat(file)) ?? info;
    return { file, inode, modifiedAtMs, link: false, ...manifestText(bytes) };
  } catch (thrown) {
    return unread(file, info, `it cannot be read: ${messageOf(thrown)}`);
  }
}

function unread(file: string, { inode, modifiedAtMs, kind }: FileInfo, problem: string): ManifestFile {
  return { file, inode, modifiedAtMs, link: kind === 'symlink', problem };
}
