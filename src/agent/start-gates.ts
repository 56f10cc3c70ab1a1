import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { connectUrl } from '../host/connect-url.ts';
import type { Host } from '../host/host.ts';
import type { StartAfterRule } from './settings/configuration.ts';

type GateHost = Pick<Host, 'request' | 'readText' | 'connectTcp'>;
type Gate = {
  readonly rule: StartAfterRule;
  openUntilMs: number;
  waitingSinceMs: number | undefined;
  readonly waiting: Set<string>;
};

const pollEveryMs = 50;
const giveUpAfterMs = 60_000;
/** An answer counts for starts within this time; later ones ask again. */
const openForMs = 2000;
const answerTimeoutMs = 1000;

/**
 * Holds pods back until a URL answers 200, so that a program which ends without its dependency is not started into a
 * crash loop. Asked only while a pod waits, and no longer than a minute: then the pod may try by itself.
 */
export class StartGates {
  readonly #gates: readonly Gate[];
  readonly #host: GateHost;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onOpen: (podKey: string) => void;
  #closed = false;

  constructor(options: {
    readonly host: GateHost;
    readonly clock: Clock;
    readonly log: Log;
    readonly rules: readonly StartAfterRule[];
    readonly onOpen: (podKey: string) => void;
  }) {
    this.#host = options.host;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onOpen = options.onOpen;
    this.#gates = options.rules.map((rule) => ({
      rule,
      openUntilMs: Number.NEGATIVE_INFINITY,
      waitingSinceMs: undefined,
      waiting: new Set(),
    }));
  }

  /** Why the pod has to wait, undefined when it need not. `name` is without the node's suffix. Begins to ask the URL. */
  heldBack(pod: { readonly key: string; readonly namespace: string; readonly name: string }): string | undefined {
    const closed = this.#gates.filter(
      ({ rule, openUntilMs }) => rule.pods.includes(`${pod.namespace}/${pod.name}`) && openUntilMs < this.#clock.now(),
    );
    for (const gate of closed) this.#wait(gate, pod.key);
    const [first] = closed;
    return first === undefined ? undefined : `waiting for ${first.rule.url} to answer`;
  }

  /** Asks no more. */
  close(): void {
    this.#closed = true;
  }

  #wait(gate: Gate, key: string): void {
    gate.waiting.add(key);
    if (gate.waitingSinceMs !== undefined) return;
    gate.waitingSinceMs = this.#clock.now();
    void this.#poll(gate, gate.waitingSinceMs);
  }

  async #poll(gate: Gate, sinceMs: number): Promise<void> {
    const answers = await this.#answers(gate.rule);
    if (this.#closed) return;
    const waitedMs = this.#clock.now() - sinceMs;
    if (!answers && waitedMs < giveUpAfterMs) {
      this.#clock.after(pollEveryMs, () => void this.#poll(gate, sinceMs));
      return;
    }
    if (!answers) this.#log.warn(`${gate.rule.url} does not answer after ${waitedMs / 1000} s: starting all the same`);
    gate.waitingSinceMs = undefined;
    gate.openUntilMs = this.#clock.now() + openForMs;
    const waiting = [...gate.waiting];
    gate.waiting.clear();
    for (const key of waiting) this.#onOpen(key);
  }

  async #answers({ url, caFile }: StartAfterRule): Promise<boolean> {
    try {
      await connectUrl(this.#host, url, answerTimeoutMs);
      const ca: string | false = caFile === undefined ? false : ((await this.#host.readText(caFile)) ?? false);
      const options = { ca, timeoutMs: answerTimeoutMs, keepAlive: true };
      return (await this.#host.request(url, options)).status === 200;
    } catch {
      return false;
    }
  }
}
