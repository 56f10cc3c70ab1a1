import { basename, dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { type Log, warnOnce } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';
import type { RejectedManifest } from '../../kube/agent-socket.ts';
import type { DesiredPod } from '../desired.ts';
import { DirectoryWatch } from './directory-watch.ts';
import { FileEvents } from './file-events.ts';
import { assignHolders, type Holders } from './holders.ts';
import { isUrl, type LastGoodStore } from './last-good.ts';
import { linkHops } from './link-targets.ts';
import { LinkWatch } from './link-watch.ts';
import { LookLoop } from './look-loop.ts';
import { goneSettleMs, ManifestEntries, type Place } from './manifest-entries.ts';
import { manifestName } from './manifest-files.ts';
import { planGone } from './plan-gone.ts';
import type { PodSource } from './pod-source.ts';
import { type ManifestListing, type ReadHost, readManifests } from './read-manifests.ts';
import { heldBack, type ReviewChange } from './review-changes.ts';

export type SourceOptions = {
  readonly host: ReadHost & Pick<HostFiles, 'watch' | 'readLink'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Directory of manifests, or one manifest. */
  readonly path: string;
  readonly nodeName: string;
  readonly checkEveryMs: number;
  readonly lastGood: LastGoodStore;
  readonly reviewChange?: ReviewChange | undefined;
  /** A pod (`namespace/name`) became desired, changed, or is no longer desired. */
  readonly onChange: (key: string) => void;
};

type ReadListing = Extract<ManifestListing, { state: 'read' }>;

const retryMissingMs = 1000;

/**
 * The pods that a directory of manifests wants. Read at the start, on every change (inotify) and every `checkEveryMs`.
 * A file that cannot be used keeps its last good pod; only a file that is seen to be gone takes its pod away.
 */
export class ManifestSource implements PodSource {
  readonly #options: SourceOptions;
  readonly #entries: ManifestEntries;
  readonly #loop: LookLoop;
  readonly #events = new FileEvents();
  readonly #watch: DirectoryWatch;
  readonly #links: LinkWatch;
  readonly #sayOnce: (message: string) => void;
  #holders: Holders = { held: new Map(), losers: new Map() };
  /** File → since when it is not there, for a moment. */
  readonly #missing = new Map<string, number>();
  #directory: (Place & { readonly sinceMs: number }) | undefined;

  constructor(options: SourceOptions) {
    const { host, log } = options;
    const warn = warnOnce(log);
    const look = () => void this.look();
    this.#options = options;
    this.#sayOnce = warn;
    this.#entries = new ManifestEntries({ ...options, sayOnce: warn, keep: (good) => options.lastGood.keep(good) });
    this.#loop = new LookLoop({ ...options, look: () => this.#look() });
    this.#links = new LinkWatch({ host, onChange: look, warn });
    this.#watch = new DirectoryWatch({
      host,
      warn,
      onChange: (name, event) => {
        if (name !== undefined) this.#events.add(name, event);
        look();
      },
    });
  }

  async start(): Promise<void> {
    const { path, lastGood } = this.#options;
    for (const good of await lastGood.all()) {
      if (isUrl(good.file)) continue;
      if (good.file === path || dirname(good.file) === path) this.#entries.recall(good);
      else lastGood.forget(good.file);
    }
    this.#assign();
    await this.look();
  }

  async look(): Promise<void> {
    await this.#loop.now();
  }

  get(key: string): DesiredPod | undefined {
    return this.#holders.held.get(key);
  }

  keys(): readonly string[] {
    return [...this.#holders.held.keys()];
  }

  rejected(): readonly RejectedManifest[] {
    return this.#entries.rejected(this.#holders.losers);
  }

  async stop(): Promise<void> {
    this.#watch.end();
    this.#links.end();
    await this.#loop.stop();
    await this.#options.lastGood.saved();
  }

  /** One look at everything; gives the time until the next. */
  async #look(): Promise<number> {
    const { host, path, checkEveryMs } = this.#options;
    this.#events.beginLook();
    const isFile = this.#entries.known().some(({ file }) => file === path);
    const listing = await readManifests(host, path, { isFile });
    // By the time of one more answer, all events of what was read have been told.
    await host.stat(path).catch(() => undefined);
    if (listing.state === 'absent') {
      this.#watch.end();
      this.#sayOnce(`${listing.reason}: the pods from there stay as they are`);
      return Math.min(retryMissingMs, checkEveryMs);
    }
    for (const { file, reason } of listing.ignored) this.#sayOnce(`${file} is not read: it ${reason}`);
    // Watch first, then read again: what changes in between must not be missed.
    const watchBegan = this.#watch.ensure(listing);
    const linkWatchBegan = this.#links.follow(await this.#hops(listing));
    const about = { entries: this.#entries, events: this.#events };
    const unsettledMs = this.#consider(listing, await heldBack(this.#options.reviewChange, listing.files, about));
    const againMs = this.#dropGone(listing);
    this.#assign();
    return watchBegan || linkWatchBegan ? 0 : Math.min(checkEveryMs, ...unsettledMs, ...againMs);
  }

  /** Where links lead through, but for what the watch of the directory sees. */
  async #hops({ directory, files }: ReadListing) {
    const { host, path } = this.#options;
    const links = files.filter(({ link }) => link);
    const ways = await Promise.all([linkHops(host, path), ...links.map(({ file }) => linkHops(host, file, directory))]);
    return ways.flat().filter((hop) => hop.directory !== directory || manifestName(hop.name) !== 'read');
  }

  #consider({ files, device, inode }: ReadListing, held: ReadonlyMap<string, string>): readonly number[] {
    for (const [file, reason] of held) this.#entries.hold(file, reason);
    return files.flatMap((found) => {
      if (held.has(found.file)) return [];
      const name = basename(found.file);
      const unsettledMs = this.#entries.consider(found, { device, inode }, this.#events.of(name));
      if (unsettledMs === undefined) return [];
      this.#events.keep(name);
      return [unsettledMs];
    });
  }

  #dropGone({ files, device, inode, empty, directory }: ReadListing): readonly number[] {
    const nowMs = this.#options.clock.now();
    const before = this.#directory;
    const sinceMs = before?.device === device && before.inode === inode ? before.sinceMs : nowMs;
    this.#directory = { device, inode, sinceMs };
    const there = new Set(files.map(({ file }) => file));
    for (const file of this.#missing.keys()) if (there.has(file)) this.#missing.delete(file);
    const plan = planGone({
      known: this.#entries.known(),
      there,
      directory: { device, inode, empty, path: directory },
      told: (name) => this.#events.of(name) !== undefined,
      settlesInMs: (file, missing) => this.#settlesInMs(file, { nowMs, missing }),
      directoryAgeMs: nowMs - sinceMs,
    });
    for (const { file, reason } of plan.kept) this.#entries.reject(file, reason);
    for (const file of plan.gone) {
      this.#missing.delete(file);
      this.#entries.forget(file);
      this.#options.lastGood.forget(file);
    }
    return plan.againMs === undefined ? [] : [plan.againMs];
  }

  /** Editors move the old file away before they write the new one: that is an edit, not a removal. */
  #settlesInMs(file: string, { nowMs, missing }: { readonly nowMs: number; readonly missing: number }): number {
    const name = basename(file);
    if (this.#events.of(name) !== 'rename') return 0;
    const sinceMs = this.#missing.get(file) ?? nowMs;
    this.#missing.set(file, sinceMs);
    const leftMs = goneSettleMs(missing) - Math.max(0, nowMs - sinceMs);
    if (leftMs > 0) this.#events.keep(name);
    return leftMs;
  }

  #assign(): void {
    const before = this.#holders;
    this.#holders = assignHolders(this.#entries.candidates(), before.held);
    for (const [file, reason] of this.#holders.losers) this.#sayOnce(`${file} is not run: ${reason}`);
    for (const key of new Set([...before.held.keys(), ...this.#holders.held.keys()])) {
      const now = this.#holders.held.get(key);
      if (before.held.get(key) === now) continue;
      const good = now === undefined ? undefined : this.#entries.lastGood(now);
      if (good !== undefined) this.#options.lastGood.keep(good);
      this.#options.onChange(key);
    }
  }
}
