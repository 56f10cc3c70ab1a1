import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { type Log, warnOnce } from '../../base/log.ts';
import type { HostNetwork } from '../../host/host.ts';
import type { RejectedManifest } from '../../kube/agent-socket.ts';
import type { DesiredPod } from '../desired.ts';
import { fetchManifest, type ManifestUrl, shownUrl } from './fetch-manifest.ts';
import type { LastGoodStore } from './last-good.ts';
import { LookLoop } from './look-loop.ts';
import { parseManifestUrl } from './manifest-url.ts';
import type { PodSource } from './pod-source.ts';

export type UrlSourceOptions = ManifestUrl & {
  readonly host: Pick<HostNetwork, 'request'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
  readonly checkEveryMs: number;
  readonly lastGood: LastGoodStore;
  readonly onChange: (key: string) => void;
};

/**
 * The pods that a URL answers with, asked every `checkEveryMs` (kubelet --manifest-url). Whatever it answers but a valid
 * Pod or PodList keeps the pods as they are, also over a restart of the agent.
 */
export class UrlSource implements PodSource {
  readonly #options: UrlSourceOptions;
  readonly #loop: LookLoop;
  readonly #sayOnce: (message: string) => void;
  readonly #file: string;
  #pods: ReadonlyMap<string, DesiredPod> = new Map();
  #body: string | undefined;
  #rejected: string | undefined;

  constructor(options: UrlSourceOptions) {
    this.#options = options;
    this.#file = shownUrl(options.url);
    this.#sayOnce = warnOnce(options.log);
    this.#loop = new LookLoop({ ...options, look: () => this.#look() });
  }

  /** Waits for the first answer only when nothing is known from before. */
  async start(): Promise<void> {
    const kept = (await this.#options.lastGood.all()).find(({ file }) => file === this.#file);
    if (kept !== undefined) this.#take(kept.text, kept.seen);
    const first = this.look();
    if (kept === undefined) await first;
  }

  look(): Promise<void> {
    return this.#loop.now();
  }

  get(key: string): DesiredPod | undefined {
    return this.#pods.get(key);
  }

  keys(): readonly string[] {
    return [...this.#pods.keys()];
  }

  rejected(): readonly RejectedManifest[] {
    if (this.#rejected === undefined) return [];
    return [{ file: this.#file, reason: this.#rejected, lastGoodRuns: this.#pods.size > 0 }];
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#options.lastGood.saved();
  }

  async #look(): Promise<number> {
    const { host, clock, lastGood, checkEveryMs } = this.#options;
    try {
      const text = await fetchManifest(host, this.#options);
      const seen = new Date(clock.now()).toISOString();
      if (text === this.#body) this.#accept();
      else if (this.#take(text, seen)) lastGood.keep({ file: this.#file, text, device: 0, inode: 0, seen });
    } catch (thrown) {
      // What was not answered now may be answered with the same body later.
      this.#reject(messageOf(thrown).replaceAll(this.#options.url, this.#file));
    }
    return checkEveryMs;
  }

  #take(text: string, seen: string): boolean {
    const { url, nodeName } = this.#options;
    const { pods, reason, warnings } = parseManifestUrl(text, { url, file: this.#file, nodeName, seen });
    for (const warning of warnings) this.#sayOnce(warning);
    if (reason !== undefined) {
      this.#reject(reason);
      return false;
    }
    this.#body = text;
    this.#accept();
    this.#replace(pods);
    return true;
  }

  #replace(pods: ReadonlyMap<string, DesiredPod>): void {
    const before = this.#pods;
    // The same content in other words stays as it was seen first.
    const now = new Map(
      [...pods].map(([key, pod]) => [key, before.get(key)?.hash === pod.hash ? (before.get(key) ?? pod) : pod]),
    );
    this.#pods = now;
    for (const key of new Set([...before.keys(), ...now.keys()]))
      if (before.get(key) !== now.get(key)) this.#options.onChange(key);
  }

  #accept(): void {
    if (this.#rejected !== undefined) this.#options.log.info(`${this.#file} is valid again`);
    this.#rejected = undefined;
  }

  #reject(reason: string): void {
    if (this.#rejected === reason) return;
    this.#rejected = reason;
    const keeps = this.#pods.size === 0 ? '' : '; the pods from there stay as they are';
    this.#options.log.error(`${this.#file} is rejected: ${reason}${keeps}`);
  }
}
