import { randomBytes } from 'node:crypto';
import { basename, dirname, join, normalize } from 'node:path';
import type { FileInfo, HostFiles, HostMachine, WriteOptions } from '../../src/host/host.ts';
import { joinParts } from '../../src/host/join-parts.ts';

type Entry = {
  readonly kind: 'file' | 'directory' | 'symlink';
  data: Uint8Array;
  mode: number;
  uid: number;
  gid: number;
  modifiedAtMs: number;
  readonly inode: number;
};

/** One call that changes the file system, as a failure rule sees it. `index` counts such calls from 0. */
export type Mutation = {
  readonly operation: 'writeFile' | 'createFile' | 'makeDirectory' | 'makeSymlink' | 'rename' | 'remove' | 'set';
  readonly path: string;
  readonly index: number;
};

/** An error as the system gives it. */
function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/**
 * A file system in memory. `failWhen` refuses single changes, `killAfter(n)` lets n more changes happen and then fails
 * every call, as a kill -9 would; `restarted()` is the same disk for the next process.
 */
export class MemoryHost implements HostFiles {
  readonly #entries: Map<string, Entry>;
  #watchers: { readonly path: string; readonly onChange: (name: string | undefined) => void }[] = [];
  #rules: ((mutation: Mutation) => Error | string | undefined)[] = [];
  #remaining = Number.POSITIVE_INFINITY;
  #killed = false;
  #inode = 1;
  /** Every change that happened, in order. */
  readonly mutations: Mutation[] = [];
  /** What `freeBytes` says. */
  free = 100 * 2 ** 30;
  /** The time that changed files get. */
  nowMs = Date.UTC(2026, 0, 1);

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}, entries = new Map<string, Entry>()) {
    this.#entries = entries;
    if (!this.#entries.has('/')) this.#put('/', 'directory', '', { mode: 0o755 });
    for (const [path, data] of Object.entries(files)) this.seed(path, data);
  }

  /** Puts a file (and its parent directories) there, past every rule. */
  seed(path: string, data: string | Uint8Array, mode = 0o644): void {
    this.#parents(path, 0o755);
    this.#put(path, 'file', data, { mode });
  }

  /** The rule gives an error (or a system error code) for a change that shall fail. */
  failWhen(rule: (mutation: Mutation) => Error | string | undefined): void {
    this.#rules.push(rule);
  }

  killAfter(changes: number): void {
    this.#remaining = changes;
  }

  restarted(): MemoryHost {
    return new MemoryHost({}, this.#entries);
  }

  /** Another disk with the same on it. */
  copy(): MemoryHost {
    return new MemoryHost({}, new Map([...this.#entries].map(([path, entry]) => [path, { ...entry }])));
  }

  /** The paths of all files, sorted; for comparing whole trees. */
  files(): string[] {
    return [...this.#entries]
      .filter(([, entry]) => entry.kind === 'file')
      .map(([path]) => path)
      .sort();
  }

  text(path: string): string | undefined {
    const entry = this.#entries.get(path);
    return entry?.kind === 'file' ? Buffer.from(entry.data).toString() : undefined;
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    this.#alive();
    const entry = this.#entries.get(this.#follow(path));
    if (entry?.kind === 'directory') throw systemError('EISDIR', path);
    return entry?.data;
  }

  async readText(path: string): Promise<string | undefined> {
    const data = await this.readFile(path);
    return data === undefined ? undefined : Buffer.from(data).toString();
  }

  async readPart(path: string, offset: number, length: number) {
    const data = await this.readFile(path);
    const { inode } = this.#entries.get(this.#follow(path)) ?? { inode: 0 };
    return data === undefined ? undefined : { data: data.subarray(offset, offset + length), size: data.length, inode };
  }

  async writeFile(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    this.#change('writeFile', path, () => this.#put(path, 'file', data, { mode: 0o644, ...options }));
  }

  async writeStream(path: string, parts: AsyncIterable<Uint8Array>, options: WriteOptions = {}): Promise<void> {
    await this.writeFile(path, await joinParts(parts), options);
  }

  async createFile(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<boolean> {
    if (this.#entries.has(normalize(path))) return false;
    this.#change('createFile', path, () => this.#put(path, 'file', data, { mode: 0o644, ...options }));
    return true;
  }

  async makeDirectory(path: string, options: WriteOptions = {}): Promise<void> {
    this.#alive();
    const existing = this.#entries.get(this.#follow(path));
    if (existing?.kind === 'directory') return;
    if (existing !== undefined) throw systemError('EEXIST', path);
    this.#change('makeDirectory', path, () => this.#parents(join(path, 'x'), options.mode ?? 0o755), false);
  }

  async makeSymlink(target: string, path: string): Promise<void> {
    if (this.#entries.has(normalize(path))) throw systemError('EEXIST', path);
    this.#change('makeSymlink', path, () => this.#put(path, 'symlink', target, { mode: 0o777 }));
  }

  async readLink(path: string): Promise<string | undefined> {
    const entry = this.#entries.get(normalize(path));
    return entry?.kind === 'symlink' ? Buffer.from(entry.data).toString() : undefined;
  }

  async realPath(path: string): Promise<string | undefined> {
    const real = this.#follow(path);
    return this.#entries.has(real) ? real : undefined;
  }

  async rename(from: string, to: string): Promise<void> {
    if (!this.#entries.has(normalize(from))) throw systemError('ENOENT', from);
    this.#change('rename', to, () => {
      const inside = `${normalize(from)}/`;
      for (const [path, entry] of [...this.#entries]) {
        if (path !== normalize(from) && !path.startsWith(inside)) continue;
        this.#entries.delete(path);
        this.#entries.set(normalize(to) + path.slice(normalize(from).length), entry);
      }
    });
    this.#tell(from);
  }

  async remove(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    this.#alive();
    const key = normalize(path);
    if (!this.#entries.has(key)) return;
    const inside = [...this.#entries.keys()].filter((other) => other.startsWith(`${key}/`));
    if (inside.length > 0 && !options.recursive) throw systemError('ENOTEMPTY', path);
    this.#change('remove', path, () => {
      for (const gone of [key, ...inside]) this.#entries.delete(gone);
    });
  }

  async setMode(path: string, mode: number): Promise<void> {
    this.#change('set', path, () => Object.assign(this.#existing(path), { mode }), false);
  }

  async setOwner(path: string, uid: number, gid: number): Promise<void> {
    this.#change('set', path, () => Object.assign(this.#existing(path), { uid, gid }), false);
  }

  async stat(path: string, options: { readonly followLinks?: boolean } = {}): Promise<FileInfo | undefined> {
    this.#alive();
    const entry = this.#entries.get(options.followLinks === false ? normalize(path) : this.#follow(path));
    if (entry === undefined) return undefined;
    const { data, ...rest } = entry;
    return { ...rest, size: data.length, device: 1 };
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    this.#alive();
    const real = this.#follow(path);
    const entry = this.#entries.get(real);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'directory') throw systemError('ENOTDIR', path);
    return [...this.#entries.keys()]
      .filter((other) => other !== '/' && dirname(other) === real)
      .map((other) => basename(other))
      .sort();
  }

  watch(path: string, onChange: (name: string | undefined) => void, _onError?: (error: Error) => void): () => void {
    if (this.#entries.get(this.#follow(path))?.kind !== 'directory') throw systemError('ENOENT', path);
    const watcher = { path: this.#follow(path), onChange };
    this.#watchers.push(watcher);
    return () => {
      this.#watchers = this.#watchers.filter((other) => other !== watcher);
    };
  }

  async freeBytes(path: string): Promise<number> {
    this.#existing(path);
    return this.free;
  }

  async diskBytes(path: string): Promise<number> {
    this.#existing(path);
    return 200 * 2 ** 30;
  }

  #change(operation: Mutation['operation'], path: string, act: () => void, needsParent = true): void {
    this.#alive();
    const mutation = { operation, path: normalize(path), index: this.mutations.length };
    for (const rule of this.#rules) {
      const refused = rule(mutation);
      if (refused !== undefined) throw typeof refused === 'string' ? systemError(refused, path) : refused;
    }
    if (needsParent && this.#entries.get(this.#follow(dirname(normalize(path))))?.kind !== 'directory') {
      throw systemError('ENOENT', path);
    }
    if (this.#remaining <= 0) {
      this.#killed = true;
      this.#alive();
    }
    this.#remaining -= 1;
    act();
    this.mutations.push(mutation);
    this.#tell(path);
  }

  #alive(): void {
    if (this.#killed) throw new Error('killed');
  }

  #tell(path: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.path === dirname(normalize(path))) queueMicrotask(() => watcher.onChange(basename(path)));
    }
  }

  #existing(path: string): Entry {
    const entry = this.#entries.get(this.#follow(path));
    if (entry === undefined) throw systemError('ENOENT', path);
    return entry;
  }

  #follow(path: string, depth = 0): string {
    const entry = this.#entries.get(normalize(path));
    if (entry?.kind !== 'symlink' || depth > 8) return normalize(path);
    const target = Buffer.from(entry.data).toString();
    return this.#follow(target.startsWith('/') ? target : join(dirname(path), target), depth + 1);
  }

  #parents(path: string, mode: number): void {
    const parent = dirname(normalize(path));
    if (this.#entries.has(parent)) return;
    this.#parents(parent, mode);
    this.#put(parent, 'directory', '', { mode });
  }

  #put(path: string, kind: Entry['kind'], data: string | Uint8Array, options: WriteOptions & { mode: number }): void {
    this.#inode += 1;
    const { mode, uid = 0, gid = 0 } = options;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const inode = this.#inode;
    this.#entries.set(normalize(path), { kind, data: bytes, mode, uid, gid, modifiedAtMs: this.nowMs, inode });
  }
}

/** A machine of fixed facts to spread beside the files where a whole `Host` is not needed. */
export function aMachine(change: Partial<HostMachine> = {}): HostMachine {
  return {
    env: () => undefined,
    environment: () => ({}),
    takeEnv: () => undefined,
    hostname: () => 'node1',
    uid: 0,
    gid: 0,
    pid: 4242,
    homeDirectory: () => '/root',
    temporaryDirectory: () => '/tmp',
    workingDirectory: () => '/',
    selfCommand: () => ['node', 'main.ts'],
    cpuCount: () => 2,
    totalMemoryBytes: () => 4 * 2 ** 30,
    architecture: () => 'x64',
    randomBytes: (count) => randomBytes(count),
    ...change,
  };
}
