/** So many at once, and then so many in a time. Times in milliseconds. */
export class TokenBucket {
  readonly #burst: number;
  readonly #everyMs: number;
  #tokens: number;
  #sinceMs: number;

  constructor(limit: { readonly burst: number; readonly everyMs: number; readonly nowMs: number }) {
    this.#burst = limit.burst;
    this.#everyMs = limit.everyMs;
    this.#tokens = limit.burst;
    this.#sinceMs = limit.nowMs;
  }

  /** Takes one if there is one. */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** How long until there is one. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) * this.#everyMs);
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#sinceMs) / this.#everyMs);
    this.#sinceMs = nowMs;
  }
}
