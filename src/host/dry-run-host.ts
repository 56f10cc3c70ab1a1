import { basename, dirname, join } from 'node:path';
import type { FileInfo, Host, HttpRequest, HttpResponse, WriteOptions } from './host.ts';
import { joinParts } from './join-parts.ts';

/** What a dry run would have done to the machine. */
export type PlannedEffect =
  | { readonly kind: 'write'; readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | { readonly kind: 'directory' | 'remove'; readonly path: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'start'; readonly command: readonly string[] }
  | { readonly kind: 'signal'; readonly pid: number; readonly signal: string };

export type DryRunOptions = {
  /** An empty private directory that takes what is written; reads see it. */
  readonly overlay: string;
  readonly onEffect: (effect: PlannedEffect) => void;
  /** What a program that was not started would have answered; undefined = ask the real network, GET only. */
  readonly answer: (url: string, options: HttpRequest) => HttpResponse | undefined;
};

/** Programs that only ask, and so run in a dry run too. */
const readOnlyPrograms = new Set(['systemctl is-active', 'systemctl is-enabled']);

/** The real machine read-only: writes go to an overlay directory, starts and signals are only told. */
export function dryRunHost(real: Host, options: DryRunOptions): Host {
  const overlay = overlayFiles(real, options);
  const tell = options.onEffect;
  return {
    ...real,
    ...overlay,
    run: async (command, args, runOptions) => {
      const asked = `${basename(command)} ${args[0] ?? ''}`;
      if (readOnlyPrograms.has(asked)) return real.run(command, args, runOptions);
      tell({ kind: 'start', command: [command, ...args] });
      return { code: 0, stdout: '', stderr: '' };
    },
    spawnDetached: async (command, args) => {
      tell({ kind: 'start', command: [command, ...args] });
      return real.pid;
    },
    kill: (pid, signal) => {
      if (signal === 0) return real.kill(pid, signal);
      tell({ kind: 'signal', pid, signal });
      return true;
    },
    killTree: async (pid) => tell({ kind: 'signal', pid, signal: 'SIGKILL' }),
    // Whoever would be waited for is taken to be there.
    connectTcp: async () => {},
    request: async (url, request = {}) => {
      const answered = options.answer(url, request);
      if (answered !== undefined) return answered;
      if ((request.method ?? 'GET') !== 'GET') throw new Error(`a dry run sends no ${request.method} to ${url}`);
      return real.request(url, request);
    },
  };
}

type OverlaidFiles = Pick<
  Host,
  | 'readFile'
  | 'readText'
  | 'writeFile'
  | 'writeStream'
  | 'createFile'
  | 'makeDirectory'
  | 'makeSymlink'
  | 'readLink'
  | 'realPath'
  | 'rename'
  | 'remove'
  | 'setMode'
  | 'setOwner'
  | 'stat'
  | 'list'
  | 'watch'
  | 'freeBytes'
>;

function overlayFiles(real: Host, { overlay, onEffect }: DryRunOptions): OverlaidFiles {
  const removed = new Set<string>();
  const over = (path: string) => join(overlay, path);
  const gone = (path: string): boolean => removed.has(path) || (path !== '/' && gone(dirname(path)));
  const where = async (path: string): Promise<string | undefined> => {
    if ((await real.stat(over(path), { followLinks: false })) !== undefined) return over(path);
    return gone(path) ? undefined : path;
  };
  const parent = (path: string) => real.makeDirectory(dirname(over(path)), { mode: 0o700 });
  const read = async <T>(path: string, get: (path: string) => Promise<T | undefined>): Promise<T | undefined> => {
    const at = await where(path);
    return at === undefined ? undefined : get(at);
  };
  const write = async (path: string, data: string | Uint8Array, options: WriteOptions = {}) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    onEffect({ kind: 'write', path, mode: options.mode ?? 0o644, data: bytes });
    await parent(path);
    await real.writeFile(over(path), bytes, options.mode === undefined ? {} : { mode: options.mode });
  };
  const stat = (path: string, options?: { readonly followLinks?: boolean }): Promise<FileInfo | undefined> =>
    read(path, (at) => real.stat(at, options));
  return {
    readFile: (path) => read(path, real.readFile),
    readText: (path) => read(path, real.readText),
    readLink: (path) => read(path, real.readLink),
    stat,
    realPath: async (path) => ((await stat(path)) === undefined ? undefined : ((await real.realPath(path)) ?? path)),
    writeFile: write,
    writeStream: async (path, parts, options) => write(path, await joinParts(parts), options),
    createFile: async (path, data, options) => {
      if ((await stat(path)) !== undefined) return false;
      await write(path, data, options);
      return true;
    },
    makeDirectory: async (path) => {
      if ((await stat(path)) === undefined) onEffect({ kind: 'directory', path });
      await real.makeDirectory(over(path), { mode: 0o700 });
    },
    makeSymlink: async (target, path) => {
      onEffect({ kind: 'symlink', path, target });
      await parent(path);
      await real.makeSymlink(target, over(path));
    },
    rename: async (from, to) => {
      const data = await read(from, real.readFile);
      if (data === undefined) throw new Error(`a dry run cannot move ${from}: it is no file`);
      await write(to, data);
      await real.remove(over(from));
      removed.add(from);
    },
    remove: async (path, options) => {
      if ((await stat(path, { followLinks: false })) === undefined) return;
      onEffect({ kind: 'remove', path });
      await real.remove(over(path), options);
      removed.add(path);
    },
    setMode: async () => {},
    setOwner: async () => {},
    list: async (path) => {
      const below = gone(path) ? undefined : await real.list(path);
      const above = await real.list(over(path));
      if (below === undefined && above === undefined) return undefined;
      const kept = (below ?? []).filter((name) => !removed.has(join(path, name)));
      return [...new Set([...kept, ...(above ?? [])])].sort();
    },
    watch: (path, onChange, onError) => real.watch(path, onChange, onError),
    freeBytes: async (path) => {
      let at = path;
      while (at !== dirname(at) && (await real.stat(at)) === undefined) at = dirname(at);
      return real.freeBytes(at);
    },
  };
}
