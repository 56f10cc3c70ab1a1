import type { GrpcAnswer, GrpcCall } from './grpc-call.ts';
import type { KeptConnections } from './kept-connections.ts';
import type { FilePart } from './read-part.ts';
import type { TlsSessions } from './tls-sessions.ts';

/** What a path is. `modifiedAtMs` and `changedAtMs` are milliseconds since the epoch. */
export type FileInfo = {
  readonly kind: 'file' | 'directory' | 'symlink' | 'socket' | 'char-device' | 'block-device' | 'fifo';
  readonly size: number;
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAtMs: number;
  /** When anything of the file last changed here, its name included: a copy may bring an older `modifiedAtMs` along. */
  readonly changedAtMs?: number;
  readonly inode: number;
  readonly device: number;
};

export type WriteOptions = {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** False for what may be lost with the machine, though not with this process: no fsync, which holds up all who write. */
  readonly lasting?: boolean;
};

/** The file system. "Not there" is a value (undefined), never an error; everything else that fails throws. */
export interface HostFiles {
  readFile(path: string): Promise<Uint8Array | undefined>;
  readText(path: string): Promise<string | undefined>;
  /** At most `length` bytes from `offset` on. */
  readPart(path: string, offset: number, length: number): Promise<FilePart | undefined>;
  /**
   * Replaces the file at once or not at all: temporary file beside it with the final mode (default 0644) from the first
   * byte, fsync, rename, fsync of the directory. Parent directories must exist.
   */
  writeFile(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<void>;
  /** The same with what comes in parts, never whole in memory; when it ends with an error, nothing is replaced. */
  writeStream(path: string, parts: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<void>;
  /** Makes the file only if nothing is there; false when something is. */
  createFile(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<boolean>;
  /** Makes the directory and its parents (each with `mode`, default 0755); an existing one is left as it is. */
  makeDirectory(path: string, options?: WriteOptions): Promise<void>;
  makeSymlink(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string | undefined>;
  realPath(path: string): Promise<string | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, link or (with `recursive`) a tree; nothing there is fine. An empty directory needs no `recursive`. */
  remove(path: string, options?: { readonly recursive?: boolean }): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  setOwner(path: string, uid: number, gid: number): Promise<void>;
  /** Follows symlinks unless `followLinks` is false. */
  stat(path: string, options?: { readonly followLinks?: boolean }): Promise<FileInfo | undefined>;
  /** The names in a directory, sorted; undefined when it is not there. */
  list(path: string): Promise<readonly string[] | undefined>;
  /**
   * Calls `onChange` with the name that changed in the directory (inotify), undefined when the name is not known, and
   * with `rename` (made, moved or removed) or `change` (written to, or its mode set); the returned function ends it.
   * Throws when the directory is not there. `onError`: the watch is over.
   */
  watch(
    path: string,
    onChange: (name: string | undefined, event?: 'rename' | 'change') => void,
    onError: (thrown: unknown) => void,
  ): () => void;
  freeBytes(path: string): Promise<number>;
  /** The size of the file system that holds the path. */
  diskBytes(path: string): Promise<number>;
}

/** A place that stays the same one while it is held, whatever happens to its name; good for programs we start too. */
export type HeldPath = { readonly path: string; readonly isDirectory: boolean };

/** `makeMissing`: the mode for directories that are not there; without it a missing place is an ENOENT error. */
export type HoldOptions = { readonly makeMissing?: number };

export interface HostHeldPaths {
  /**
   * Opens a relative path inside a directory that others may write to and hands it to `use`, held. Links that lead out
   * of the directory are refused, also when they are put there while this goes on. Throws when `use` does.
   */
  holdInside<T>(base: string, path: string, options: HoldOptions, use: (held: HeldPath) => Promise<T>): Promise<T>;
}

export type RunResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A process by its pid and start time (clock ticks since boot, /proc/PID/stat field 22); a pid alone may be reused. */
export type ProcessIdentity = { readonly pid: number; readonly startTicks: string };

export interface HostProcesses {
  /** Runs a program to its end. `code` is 128 + the signal's number when a signal ended it; throws when it cannot be started. */
  run(
    command: string,
    args: readonly string[],
    options?: {
      readonly input?: string | Uint8Array;
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
      readonly timeoutMs?: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<RunResult>;
  /** Starts a program in a session of its own that outlives us, standard streams to `output` (appended, 0600) or nowhere. */
  spawnDetached(
    command: string,
    args: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly output?: string },
  ): Promise<number>;
  /** Sends a signal; 0 only asks. False when nothing is there any more, nor ever for a pid below 1: kill(2) takes those for groups. */
  kill(pid: number, signal: NodeJS.Signals | 0): boolean;
  /** Kills a process, its descendants and the session it leads; throws when they are another user's. */
  killTree(pid: number): Promise<void>;
  /** The identity of a living process that is not a zombie; undefined when there is none. */
  identify(pid: number): Promise<ProcessIdentity | undefined>;
  /** Where a program is in PATH (or /usr/sbin, /sbin). */
  findProgram(name: string): Promise<string | undefined>;
}

export type HttpResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

export type HttpRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Given up when no connection came about by then. */
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Ask over this unix socket. */
  readonly socketPath?: string;
  /** PEM certificates to trust instead of the machine's; `false` = verify nothing (as the kubelet's probes). */
  readonly ca?: string | false;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** The name to verify the server's certificate against, when it is not the URL's host. */
  readonly serverName?: string;
  /** Whatever name the server's certificate is for; that it is signed by `ca` still counts. */
  readonly anyName?: boolean;
  /** Read no more than this of the body; the rest is dropped. */
  readonly maxBytes?: number;
  /** A connection of its own for this request, with a short TLS handshake; verifies nothing, whatever `ca` says. */
  readonly resume?: TlsSessions;
  /** Keep the connection for later requests; default false. */
  readonly keepAlive?: boolean;
  /** Where connections are kept; default: with everybody's, for a few seconds. */
  readonly connections?: KeptConnections;
  /** Go by the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name; default false: the way is direct. */
  readonly throughProxy?: boolean;
};

export type ListeningSocket = {
  readonly address: string;
  readonly port: number;
  readonly pid?: number;
  readonly program?: string;
};

export interface HostNetwork {
  /** One HTTP(S) request, redirects not followed. Throws when no answer came. */
  request(url: string, options?: HttpRequest): Promise<HttpResponse>;
  /** Like `request`, with the body as it comes. */
  requestStream(
    url: string,
    options?: HttpRequest,
  ): Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: AsyncIterable<Uint8Array>;
  }>;
  /** One call to a gRPC server without encryption; throws when it cannot be reached. */
  grpcCall(call: GrpcCall): Promise<GrpcAnswer>;
  /** Connects and closes again; throws when that fails. */
  connectTcp(host: string, port: number, timeoutMs: number): Promise<void>;
  /** Undefined when one could listen there, else the system's error code (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` …). */
  tryListen(address: string, port: number): Promise<string | undefined>;
  /** Who listens on a TCP port, as far as /proc tells. */
  listeners(port: number): Promise<readonly ListeningSocket[]>;
  /** The machine's addresses by interface, without link-local ones. */
  addresses(): readonly {
    readonly name: string;
    readonly address: string;
    readonly family: 4 | 6;
    readonly loopback: boolean;
  }[];
  /** The interface of the default route per family (/proc/net/route, /proc/net/ipv6_route). */
  defaultInterface(family: 4 | 6): Promise<string | undefined>;
  /** The addresses a name resolves to; empty when it does not. */
  resolve(name: string): Promise<readonly string[]>;
}

export interface HostMachine {
  env(name: string): string | undefined;
  /** The whole environment, for programs started by us and for the proxy variables. */
  environment(): Readonly<Record<string, string>>;
  /** Reads a variable that is for this process alone, and removes it from what programs started by us get. */
  takeEnv(name: string): string | undefined;
  hostname(): string;
  /** Effective user and group. */
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  homeDirectory(): string;
  temporaryDirectory(): string;
  workingDirectory(): string;
  /** The program and first arguments that start ourselves again: `[node, main.ts]`, `[bootstrap]`. */
  selfCommand(): readonly string[];
  cpuCount(): number;
  totalMemoryBytes(): number;
  /** `x64`, `arm64`. */
  architecture(): string;
  randomBytes(count: number): Uint8Array;
}

/** The machine: the only way to reach it (door 1). Narrow it where you take it: most functions need `HostFiles` alone. */
export interface Host extends HostFiles, HostHeldPaths, HostProcesses, HostNetwork, HostMachine {}
