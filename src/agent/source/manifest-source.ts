import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';
import type { RejectedManifest } from '../../kube/agent-socket.ts';
import type { DesiredPod } from '../desired.ts';
import { DirectoryWatch } from './directory-watch.ts';
import { assignHolders, type Holders } from './holders.ts';
import type { LastGood, LastGoodStore } from './last-good.ts';
import { parseManifest } from './manifest.ts';
import { type ManifestFile, type ManifestListing, type ReadHost, readManifests } from './read-manifests.ts';

export type SourceOptions = {
  readonly host: ReadHost & Pick<HostFiles, 'watch'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Directory of manifests, or one manifest. */
  readonly path: string;
  readonly nodeName: string;
  readonly checkEveryMs: number;
  readonly lastGood: LastGoodStore;
  /** A pod (`namespace/name`) became desired, changed, or is no longer desired. */
  readonly onChange: (key: string) => void;
};

type Entry = {
  readonly file: string;
  /** What was read last, whatever it was worth. */
  text?: string;
  inode: number;
  device: number;
  desired?: DesiredPod;
  goodText?: string;
  rejected?: string;
};
type ReadListing = Extract<ManifestListing, { state: 'read' }>;

const retryMissingMs = 1000;
/** A file written in place counts when nobody has written to it for this long. */
const settleMs = 100;

/**
 * The pods that a directory of manifests wants. Read at the start, on every change (inotify) and every `checkEveryMs`.
 * A file that cannot be used keeps its last good pod; only a file that is seen to be gone takes its pod away.
 */
export class ManifestSource {
  readonly #options: SourceOptions;
  readonly #entries = new Map<string, Entry>();
  #holders: Holders = { held: new Map(), losers: new Map() };
  #scanning: Promise<void> | undefined;
  #again = false;
  #cancelNext = () => {};
  readonly #watch: DirectoryWatch;
  #said = new Set<string>();
  #stopped = false;

  constructor(options: SourceOptions) {
    this.#options = options;
    const onChange = () => void this.look();
    this.#watch = new DirectoryWatch({ host: options.host, onChange, warn: (message) => this.#sayOnce(message) });
  }

  /** Resolves after the first look: from then on what is not desired is known to be not desired. */
  async start(): Promise<void> {
    for (const good of await this.#options.lastGood.all()) this.#recall(good);
    this.#assign();
    await this.look();
  }

  /** Reads everything again; resolves when that is done. */
  async look(): Promise<void> {
    this.#again = true;
    this.#scanning ??= this.#scanAll();
    await this.#scanning;
  }

  get(key: string): DesiredPod | undefined {
    return this.#holders.held.get(key);
  }

  keys(): readonly string[] {
    return [...this.#holders.held.keys()];
  }

  /** Files that are not run as they are. */
  rejected(): readonly RejectedManifest[] {
    return [...this.#entries.values()].flatMap(({ file, rejected, desired }) => {
      const loses = this.#holders.losers.get(file);
      const reason = rejected ?? loses;
      return reason === undefined ? [] : [{ file, reason, lastGoodRuns: desired !== undefined && loses === undefined }];
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext();
    this.#watch.end();
    await this.#scanning;
    await this.#options.lastGood.saved();
  }

  async #scanAll(): Promise<void> {
    await Promise.resolve();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      this.#cancelNext();
      const nextMs = await this.#scan();
      if (!this.#stopped) this.#cancelNext = this.#options.clock.after(nextMs, () => void this.look());
    }
    this.#scanning = undefined;
  }

  /** One look at everything; gives the time until the next. */
  async #scan(): Promise<number> {
    const { host, path, checkEveryMs } = this.#options;
    const listing = await readManifests(host, path);
    if (listing.state === 'absent') {
      this.#watch.end();
      this.#sayOnce(`${listing.reason}: the pods from there stay as they are`);
      return Math.min(retryMissingMs, checkEveryMs);
    }
    // Watch first, then read again: what changes in between must not be missed.
    if (this.#watch.ensure(listing)) this.#again = true;
    for (const { file, reason } of listing.ignored) this.#sayOnce(`${file} is not read: it ${reason}`);
    const unsettled = listing.files.map((found) => this.#consider(found, listing.device)).includes('unsettled');
    this.#dropGone(listing);
    this.#assign();
    return unsettled ? settleMs : checkEveryMs;
  }

  #consider(found: ManifestFile, device: number): 'unsettled' | 'done' {
    const { file, text, problem, inode } = found;
    const entry: Entry = this.#entries.get(file) ?? { file, inode, device };
    if (problem !== undefined) {
      this.#entries.set(file, entry);
      this.#unreadable(entry, problem);
      return 'done';
    }
    if (text === undefined || (text === entry.text && this.#entries.has(file))) return 'done';
    if (this.#beingWritten(found, this.#entries.get(file))) return 'unsettled';
    this.#entries.set(file, entry);
    Object.assign(entry, { text, inode, device });
    this.#take(entry, text);
    return 'done';
  }

  /** In place, a writer may be half way: what is there may even be valid. A file that was moved here is complete. */
  #beingWritten({ text = '', inode, modifiedAtMs }: ManifestFile, known: Entry | undefined): boolean {
    const ageMs = this.#options.clock.now() - modifiedAtMs;
    const inPlace = known !== undefined && known.inode === inode;
    return (inPlace || !text.endsWith('\n')) && ageMs >= 0 && ageMs < settleMs;
  }

  #take(entry: Entry, text: string): void {
    const { nodeName, clock, log } = this.#options;
    const seen = new Date(clock.now()).toISOString();
    const { desired, reason, warnings } = parseManifest(text, { file: entry.file, nodeName, seen });
    for (const warning of warnings) this.#sayOnce(warning);
    if (desired === undefined) {
      this.#reject(entry, reason ?? 'no static pod');
      return;
    }
    if (entry.rejected !== undefined) log.info(`${entry.file} is valid again`);
    delete entry.rejected;
    entry.goodText = text;
    // Other words for the same thing: what was seen first stays.
    if (entry.desired?.hash !== desired.hash) entry.desired = desired;
  }

  /** What was read before says nothing about what will be there. */
  #unreadable(entry: Entry, reason: string): void {
    delete entry.text;
    this.#reject(entry, reason);
  }

  #reject(entry: Entry, reason: string): void {
    if (entry.rejected === reason) return;
    entry.rejected = reason;
    const keeps = entry.desired === undefined ? '' : '; its last good form stays in force';
    this.#options.log.error(`${entry.file} is rejected: ${reason}${keeps}`);
  }

  #dropGone({ files, device, empty, directory }: ReadListing): void {
    const there = new Set(files.map(({ file }) => file));
    for (const [file, entry] of this.#entries) {
      if (there.has(file)) continue;
      if (empty && entry.device !== device && entry.desired !== undefined) {
        this.#unreadable(entry, `${directory} is empty and on another file system than before (unmounted?)`);
        continue;
      }
      this.#entries.delete(file);
      this.#options.lastGood.forget(file);
    }
  }

  #assign(): void {
    const before = this.#holders;
    const candidates = [...this.#entries.values()]
      .flatMap(({ desired }) => desired ?? [])
      .sort((a, b) => (a.file < b.file ? -1 : 1));
    this.#holders = assignHolders(candidates, before.held);
    for (const [file, reason] of this.#holders.losers) this.#sayOnce(`${file} is not run: ${reason}`);
    for (const key of new Set([...before.held.keys(), ...this.#holders.held.keys()])) {
      const now = this.#holders.held.get(key);
      if (before.held.get(key) === now) continue;
      if (now !== undefined) this.#keep(now);
      this.#options.onChange(key);
    }
  }

  #keep({ file, pod }: DesiredPod): void {
    const entry = this.#entries.get(file);
    const seen = pod.metadata.annotations?.['kubernetes.io/config.seen'];
    if (entry?.goodText === undefined || seen === undefined) return;
    this.#options.lastGood.keep({ file, text: entry.goodText, device: entry.device, seen });
  }

  #recall({ file, text, device, seen }: LastGood): void {
    const { path, nodeName } = this.#options;
    if (file !== path && dirname(file) !== path) {
      this.#options.lastGood.forget(file);
      return;
    }
    const { desired } = parseManifest(text, { file, nodeName, seen });
    if (desired !== undefined) this.#entries.set(file, { file, inode: 0, device, desired });
  }

  #sayOnce(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#options.log.warn(message);
  }
}
