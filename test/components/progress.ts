const heartbeatMs = { terminal: 1000, plain: 15_000 };

/** One line for what is being built, since when and for how long: rewritten on a terminal, repeated now and then elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #detail = '';

  constructor(out: NodeJS.WriteStream = process.stderr, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
  }

  say(line: string): void {
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`);
  }

  detail(text: string): void {
    this.#detail = text;
  }

  /** Shows `what` as going on until `work` ends, then how long it took. */
  async during<T>(what: string, expectedSeconds: number, work: () => Promise<T>): Promise<T> {
    const start = this.#now();
    const seconds = (): number => Math.round((this.#now() - start) / 1000);
    const expected = `, the first time about ${duration(expectedSeconds)}`;
    this.#detail = '';
    const beat = (): void => this.#beat(`${what}: ${duration(seconds())}${expected}`);
    if (!this.#out.isTTY) this.say(`${what}${expected}`);
    this.#timer = setInterval(beat, this.#out.isTTY ? heartbeatMs.terminal : heartbeatMs.plain);
    try {
      const result = await work();
      this.say(`${what}: done in ${duration(seconds())}`);
      return result;
    } finally {
      clearInterval(this.#timer);
    }
  }

  #beat(line: string): void {
    const full = this.#detail ? `${line} (${this.#detail})` : line;
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${full.slice(0, (this.#out.columns || 80) - 1)}`);
    else this.#out.write(`${full}\n`);
  }
}

function duration(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
