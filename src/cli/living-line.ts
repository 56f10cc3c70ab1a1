import { humanDuration } from '../base/duration.ts';
import type { CliContext } from './command.ts';

const firstHeartbeatMs = 5_000;
const heartbeatEveryMs = 10_000;

/**
 * What is waited for and since when: on a terminal one line that is drawn over itself, elsewhere a plain line after
 * 5 s and then every 10 s.
 */
export class LivingLine {
  readonly #stream: CliContext['stderr'];
  #shown = false;
  #nextHeartbeatMs = 0;
  #sinceMs = Number.NaN;

  constructor(stream: CliContext['stderr']) {
    this.#stream = stream;
  }

  show(what: string, sinceMs: number, nowMs: number): void {
    const text = `  ${humanDuration(nowMs - sinceMs)}  ${what}`;
    if (this.#stream.isTerminal) {
      this.#stream.write(`\r\u001b[2K${text.slice(0, Math.max(20, this.#stream.columns - 1))}`);
      this.#shown = true;
      return;
    }
    if (sinceMs !== this.#sinceMs) {
      this.#sinceMs = sinceMs;
      this.#nextHeartbeatMs = sinceMs + firstHeartbeatMs;
    }
    if (nowMs < this.#nextHeartbeatMs) return;
    this.#nextHeartbeatMs += heartbeatEveryMs;
    this.#stream.write(`  still waiting${text}\n`);
  }

  /** Takes the line away, so that another can be written. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[2K');
    this.#shown = false;
  }
}
