import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import { isAlive } from '../../host/is-alive.ts';
import { type Claim, decodeClaims } from './claim.ts';

type ClaimHost = Pick<Host, 'readText' | 'writeFile' | 'makeDirectory' | 'remove' | 'identify'>;

type Options = {
  readonly host: ClaimHost;
  readonly clock: Clock;
  readonly log: Log;
  /** Where claims are kept (0600): the next agent must not stop what this one was asked to leave alone. */
  readonly file: string;
  /**
   * The holder of a claim has died: finishes or undoes what it was about, and reads the manifests again. False while
   * somebody else does; then it is asked again.
   */
  settle(): Promise<boolean>;
  /** The pod of this manifest file has one instance again. */
  onEnd(manifestFile: string): void;
};

const checkEveryMs = 1000;

/** The claims that stand, one for a manifest file. Each is on the disk before it counts. */
export class Claims {
  readonly #options: Options;
  #claims: ReadonlyMap<string, Claim> = new Map();
  #cancelCheck: (() => void) | undefined;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Reads what the agent before this one has left. */
  async load(): Promise<void> {
    const { host, file } = this.#options;
    const text = await host.readText(file).catch(() => undefined);
    this.#claims = new Map(decodeClaims(text).map((claim) => [claim.file, claim]));
    this.#checkIn(0);
  }

  get(manifestFile: string): Claim | undefined {
    return this.#claims.get(manifestFile);
  }

  /** Throws when it cannot be kept on the disk: then it does not count. */
  async take(claim: Claim): Promise<void> {
    const next = new Map(this.#claims).set(claim.file, claim);
    await this.#write(next);
    this.#claims = next;
    this.#checkIn(checkEveryMs);
  }

  /** False when there is none. */
  async end(manifestFile: string, because: string): Promise<boolean> {
    const claim = this.get(manifestFile);
    if (claim === undefined) return false;
    const next = new Map(this.#claims);
    next.delete(manifestFile);
    this.#claims = next;
    this.#options.log.info(`${manifestFile}: one instance again: ${because}`);
    // One that is left over ends by itself, with its holder.
    await this.#write(next).catch((thrown: unknown) => this.#options.log.warn(messageOf(thrown)));
    this.#options.onEnd(manifestFile);
    return true;
  }

  /** Whether the one who made the claim still lives. */
  async isHeld({ holder }: Claim): Promise<boolean> {
    return isAlive(this.#options.host, holder);
  }

  close(): void {
    this.#closed = true;
    this.#cancelCheck?.();
  }

  #checkIn(delayMs: number): void {
    if (this.#claims.size === 0 || this.#closed || this.#cancelCheck !== undefined) return;
    this.#cancelCheck = this.#options.clock.after(delayMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    try {
      for (const claim of this.#claims.values()) {
        const because = await this.#whyOver(claim);
        if (because !== undefined && !this.#closed && this.get(claim.file) === claim) {
          await this.end(claim.file, because);
        }
      }
    } catch (thrown) {
      this.#options.log.warn(`whether a claim still holds cannot be told: ${messageOf(thrown)}`);
    }
    this.#cancelCheck = undefined;
    this.#checkIn(checkEveryMs);
  }

  async #whyOver(claim: Claim): Promise<string | undefined> {
    if (claim.untilMs <= this.#options.clock.now()) return 'the time that was asked for is over';
    if ((await this.isHeld(claim)) || !(await this.#options.settle())) return undefined;
    return `pid ${claim.holder.pid}, which asked for two, has ended`;
  }

  async #write(claims: ReadonlyMap<string, Claim>): Promise<void> {
    const { host, file } = this.#options;
    if (claims.size === 0) return host.remove(file);
    await host.makeDirectory(dirname(file), { mode: 0o700 });
    await host.writeFile(file, `${JSON.stringify([...claims.values()])}\n`, { mode: 0o600 });
  }
}
