import { basename } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { RejectedManifest } from '../../kube/agent-socket.ts';
import type { DesiredPod } from '../desired.ts';
import type { FileEvent } from './file-events.ts';
import type { LastGood } from './last-good.ts';
import { parseManifest } from './manifest.ts';
import type { ManifestFile } from './read-manifests.ts';

/** The directory that a file was seen in: another one may be mounted or moved to its place. */
export type Place = { readonly device: number; readonly inode: number };

type Entry = {
  readonly file: string;
  /** What was read last, whatever it was worth. */
  text?: string;
  inode: number;
  place: Place;
  desired?: DesiredPod;
  goodText?: string;
  rejected?: string;
};

/** A file written in place counts when nobody has written to it for this long; a removal when it is not undone by then. */
const settleMs = 100;
/** An editor has one file at a time in its hands: several that are gone together are hardly being edited. */
const severalSettleMs = 20;

/** How long it takes until it counts that files, so many at the same time, are gone. */
export function goneSettleMs(missing: number): number {
  return missing > 1 ? severalSettleMs : settleMs;
}

/** What is known of each manifest file: its last text, its last good pod, why it is rejected. */
export class ManifestEntries {
  readonly #options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly nodeName: string;
    readonly sayOnce: (message: string) => void;
    readonly keep: (good: LastGood) => void;
  };
  readonly #entries = new Map<string, Entry>();

  constructor(options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly nodeName: string;
    readonly sayOnce: (message: string) => void;
    /** Keeps a last good form on disk. */
    readonly keep: (good: LastGood) => void;
  }) {
    this.#options = options;
  }

  /** The last good form that an earlier agent kept. */
  recall({ file, text, seen, ...place }: LastGood): void {
    const { desired } = parseManifest(text, { file, nodeName: this.#options.nodeName, seen });
    if (desired !== undefined) this.#entries.set(file, { file, inode: 0, place, desired, goodText: text });
  }

  /** Takes in what was read; gives the milliseconds until it can count, undefined when it does. */
  consider(found: ManifestFile, place: Place, event: FileEvent | undefined): number | undefined {
    const { file, text, problem, inode } = found;
    const known = this.#entries.get(file);
    const entry: Entry = known ?? { file, inode, place };
    if (known !== undefined) this.#seenIn(known, place);
    if (problem !== undefined) {
      this.#entries.set(file, entry);
      this.reject(entry.file, problem);
      return undefined;
    }
    if (text === undefined || text === known?.text) return undefined;
    const unsettledMs = this.#unsettledMs(found, known, event);
    if (unsettledMs !== undefined) return unsettledMs;
    this.#entries.set(file, entry);
    Object.assign(entry, { text, inode });
    this.#take(entry, text);
    return undefined;
  }

  /** Whether `consider` would put another pod in place of the one that the file stood for so far. */
  replaces(found: ManifestFile, event: FileEvent | undefined): boolean {
    const { file, text } = found;
    const known = this.#entries.get(file);
    if (text === undefined || known?.desired === undefined || text === known.text || text === known.goodText)
      return false;
    if (this.#unsettledMs(found, known, event) !== undefined) return false;
    const { desired } = parseManifest(text, { file, nodeName: this.#options.nodeName, seen: '' });
    return desired !== undefined && desired.hash !== known.desired.hash;
  }

  /** What is in the file does not count for now; it is considered again at the next look. */
  hold(file: string, reason: string): void {
    const entry = this.#entries.get(file);
    if (entry === undefined) return;
    delete entry.text;
    if (entry.rejected !== reason) this.#options.log.info(`${file}: ${reason}`);
    entry.rejected = reason;
  }

  /** The pods of the files, the first file first. */
  candidates(): readonly DesiredPod[] {
    const files = [...this.#entries.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
    return files.flatMap(({ desired }) => desired ?? []);
  }

  /** All files known, with the place where each was seen last. */
  known(): readonly Pick<Entry, 'file' | 'place'>[] {
    return [...this.#entries.values()];
  }

  forget(file: string): void {
    this.#entries.delete(file);
  }

  /** The file cannot be used; what was read before says nothing about what will be there. */
  reject(file: string, reason: string): void {
    const entry = this.#entries.get(file);
    if (entry === undefined) return;
    delete entry.text;
    this.#sayRejected(entry, reason);
  }

  /** The text of the last valid form, to be kept on disk. */
  lastGood({ file, pod }: DesiredPod): LastGood | undefined {
    const entry = this.#entries.get(file);
    const seen = pod.metadata.annotations?.['kubernetes.io/config.seen'];
    if (entry?.goodText === undefined || seen === undefined) return undefined;
    return { file, text: entry.goodText, ...entry.place, seen };
  }

  rejected(losers: ReadonlyMap<string, string>): readonly RejectedManifest[] {
    return [...this.#entries.values()].flatMap(({ file, rejected, desired }) => {
      const loses = losers.get(file);
      const reason = rejected ?? loses;
      return reason === undefined ? [] : [{ file, reason, lastGoodRuns: desired !== undefined && loses === undefined }];
    });
  }

  /** Files that are moved with their directory, or mounted again, stay known by where they are now. */
  #seenIn(entry: Entry, place: Place): void {
    if (entry.place.device === place.device && entry.place.inode === place.inode) return;
    entry.place = place;
    const good = entry.desired && this.lastGood(entry.desired);
    if (good !== undefined) this.#options.keep(good);
  }

  /** In place, a writer may be half way: what is there may even be valid. A file that was moved here is complete. */
  #unsettledMs(found: ManifestFile, known: Entry | undefined, event: FileEvent | undefined): number | undefined {
    const ageMs = this.#options.clock.now() - found.modifiedAtMs;
    if (ageMs < 0 || ageMs >= settleMs) return undefined;
    const sameFile = known !== undefined && known.inode === found.inode;
    const moved = event === 'rename' || (event !== 'change' && found.text?.endsWith('\n') === true);
    return sameFile || !moved ? settleMs - ageMs : undefined;
  }

  #take(entry: Entry, text: string): void {
    const { nodeName, clock, log, sayOnce } = this.#options;
    const seen = new Date(clock.now()).toISOString();
    const { desired, reason, warnings } = parseManifest(text, { file: entry.file, nodeName, seen });
    for (const warning of warnings) sayOnce(warning);
    if (desired === undefined) {
      this.#sayRejected(entry, reason ?? 'no static pod');
      return;
    }
    if (entry.rejected !== undefined) log.info(`${basename(entry.file)} counts again`);
    delete entry.rejected;
    entry.goodText = text;
    // Other words for the same thing: what was seen first stays.
    if (entry.desired?.hash !== desired.hash) entry.desired = desired;
  }

  #sayRejected(entry: Entry, reason: string): void {
    if (entry.rejected === reason) return;
    entry.rejected = reason;
    const keeps = entry.desired === undefined ? '' : '; its last good form stays in force';
    this.#options.log.error(`${entry.file} is rejected: ${reason}${keeps}`);
  }
}
