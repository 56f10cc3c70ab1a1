import type { ClientReport, ProbeFailure } from './report.ts';

const failuresKept = 200;

/** What one client has been through. */
export class Tally {
  #requests = 0;
  #failed = 0;
  #longestMs = 0;
  readonly #failures: ProbeFailure[] = [];

  /** An answer as it should be, after `ms`. */
  good(ms: number): void {
    this.#requests += 1;
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  bad(kind: string, what: string): void {
    this.#requests += 1;
    this.#failed += 1;
    if (this.#failures.length < failuresKept) this.#failures.push({ atMs: Date.now(), kind, what });
  }

  report(): ClientReport {
    return {
      requests: this.#requests,
      failed: this.#failed,
      longestMs: Math.round(this.#longestMs),
      failures: this.#failures,
    };
  }
}

/** A word for what a connection died of. */
export function kindOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === 'ECONNREFUSED') return 'refused';
  if (/hang up|disconnected before secure|ended without an answer/.test(text)) return 'eof';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'reset';
  return code === 'ETIMEDOUT' || /timeout|no answer/.test(text) ? 'timeout' : code || text;
}

/** Calls `action` every `everyMs` without waiting for its end; what the returned function gives resolves when all have. */
export function repeat(everyMs: number, action: () => Promise<void>): () => Promise<void> {
  const running = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const turn = action().finally(() => running.delete(turn));
    running.add(turn);
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(running);
  };
}

/** Calls `action` again and again, one at a time, each turn at least `everyMs` after the last began. */
export function oneAfterAnother(everyMs: number, action: () => Promise<void>): () => Promise<void> {
  let going = true;
  const loop = async () => {
    while (going) await Promise.all([action(), new Promise((resolve) => setTimeout(resolve, everyMs))]);
  };
  const ended = loop();
  return async () => {
    going = false;
    await ended;
  };
}
