import { join } from 'node:path';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';
import { decodeState, emptyState, type PodState } from './pod-state.ts';

export type StateHost = Pick<HostFiles, 'readText' | 'writeFile' | 'makeDirectory' | 'remove' | 'list'>;

/** How long a stop waits for its note to be on the disk. A slow disk costs no more than this. */
const longestWaitMs = 100;

/**
 * The states of all pods, each in a file `<uid>.json` (0600). Memory is what counts; files follow in the background, one
 * at a time, and only when something has changed. A disk that is full or read-only is one warning and no more.
 */
export class PodStates {
  readonly #host: StateHost;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #dir: string;
  readonly #states = new Map<string, PodState>();
  /** What each file holds; absent: no file. */
  readonly #written = new Map<string, string>();
  readonly #dirty = new Set<string>();
  /** Who waits for a file; those are written first. */
  readonly #waiters = new Map<string, () => void>();
  #writing: Promise<void> | undefined;
  #failing = false;
  #closed = false;

  constructor(options: { readonly host: StateHost; readonly clock: Clock; readonly log: Log; readonly dir: string }) {
    this.#host = options.host;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#dir = options.dir;
  }

  /** Reads what the agent before this one has left. Nothing there, or nothing readable, is nothing known. */
  async load(): Promise<void> {
    try {
      const names = (await this.#host.list(this.#dir)) ?? [];
      await Promise.all(names.map((name) => this.#read(name)));
    } catch (thrown) {
      this.#fails(thrown);
    }
  }

  get(uid: string): PodState {
    return this.#states.get(uid) ?? emptyState;
  }

  /** Changes a state; its file follows when that makes a difference. */
  update(uid: string, change: (state: PodState) => PodState): void {
    const state = change(this.get(uid));
    this.#states.set(uid, state);
    if (JSON.stringify(state) === this.#written.get(uid)) this.#dirty.delete(uid);
    else this.#dirty.add(uid);
    this.#follow();
  }

  /** Resolves when the pod's state is in its file, or cannot be brought there, or after 100 ms. */
  async saved(uid: string): Promise<void> {
    if (!this.#dirty.has(uid)) return;
    const before = this.#waiters.get(uid);
    const done = new AbortController();
    this.#waiters.set(uid, () => {
      before?.();
      done.abort();
    });
    this.#follow();
    await sleep(this.#clock, longestWaitMs, done.signal);
  }

  /** Since when the condition has this status; undefined when it is not known to have it. */
  transitionMs(uid: string, type: string, status: string): number | undefined {
    const known = this.get(uid).conditions[type];
    return known?.status === status ? known.sinceMs : undefined;
  }

  /** When the pod was first known. */
  startMs(uid: string): number | undefined {
    return this.get(uid).startMs;
  }

  forget(uid: string): void {
    this.#states.delete(uid);
    if (this.#written.has(uid) || this.#dirty.has(uid)) this.#dirty.add(uid);
    this.#follow();
  }

  /** Forgets all pods but these, and tries again what could not be written. */
  keepOnly(uids: Pick<ReadonlySet<string>, 'has'>): void {
    for (const uid of new Set([...this.#states.keys(), ...this.#written.keys()])) if (!uids.has(uid)) this.forget(uid);
    this.#follow();
  }

  /** Writes what is still to be written, and nothing from then on. */
  async close(): Promise<void> {
    this.#follow();
    await this.#writing;
    this.#closed = true;
  }

  async #read(name: string): Promise<void> {
    const path = join(this.#dir, name);
    const uid = /^([^.].*)\.json$/.exec(name)?.[1];
    const text = uid === undefined ? undefined : await this.#host.readText(path);
    const state = text === undefined ? undefined : decodeState(text);
    if (uid === undefined || text === undefined || state === undefined) await this.#host.remove(path);
    else {
      this.#written.set(uid, text);
      this.#states.set(uid, state);
    }
  }

  #follow(): void {
    if (this.#dirty.size === 0 || this.#writing !== undefined || this.#closed) return;
    this.#writing = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve();
    const tried = new Set<string>();
    for (;;) {
      const left = [...this.#waiters.keys(), ...this.#dirty];
      const uid = left.find((candidate) => this.#dirty.has(candidate) && !tried.has(candidate));
      if (uid === undefined) {
        // At the moment of the decision: a change right after it must find nobody who would seem to write it.
        this.#writing = undefined;
        return;
      }
      // What fails is tried again with the next change, not at once.
      if (!(await this.#write(uid))) tried.add(uid);
      this.#waiters.get(uid)?.();
      this.#waiters.delete(uid);
    }
  }

  async #write(uid: string): Promise<boolean> {
    const state = this.#states.get(uid);
    const text = state === undefined ? undefined : JSON.stringify(state);
    const path = join(this.#dir, `${uid}.json`);
    try {
      if (text === undefined) await this.#host.remove(path);
      else await this.#store(path, text, state?.over !== undefined);
    } catch (thrown) {
      this.#fails(thrown);
      return false;
    }
    this.#failing = false;
    if (text === undefined) this.#written.delete(uid);
    else this.#written.set(uid, text);
    if (this.#states.get(uid) === state) this.#dirty.delete(uid);
    return true;
  }

  /** Only that a pod is over must not be lost with the machine: its containers and their stops end with that. */
  async #store(path: string, text: string, lasting: boolean): Promise<void> {
    await this.#host.makeDirectory(this.#dir, { mode: 0o700 });
    await this.#host.writeFile(path, text, { mode: 0o600, lasting });
  }

  #fails(thrown: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const lost = 'a restart of the agent may forget readiness and back-off; pods are not affected';
    this.#log.warn(`what is to be remembered of pods cannot be kept in ${this.#dir}: ${messageOf(thrown)}; ${lost}`);
  }
}
