import * as https from 'node:https';
import { type Access, get } from './access.ts';
import { kindOf, type Tally } from './tally.ts';

type WatchEvent = {
  readonly type: string;
  readonly object: { readonly code?: number; readonly metadata?: { readonly resourceVersion: string } };
};

/** A watch that goes on from the last resourceVersion when it ends, as client-go's reflector does. */
export class Watcher {
  readonly #access: Access;
  readonly #path: string;
  readonly #tally: Tally;
  readonly #seen = new Map<string, number>();
  #version: string | undefined;
  #begun = 0;
  #listed = 0;
  /** What a list has shown in its newest form, however often it changed before. */
  #covered = 0n;
  #going = true;
  #current: { destroy(): void } | undefined;

  constructor(access: Access, namespace: string, tally: Tally) {
    this.#access = access;
    this.#path = `/api/v1/namespaces/${namespace}/configmaps`;
    this.#tally = tally;
  }

  /** The returned function ends it; nothing is waited for. */
  start(): () => Promise<void> {
    const ended = this.#loop();
    return async () => {
      this.#going = false;
      this.#current?.destroy();
      await ended;
    };
  }

  get watching(): boolean {
    return this.#begun > 0;
  }

  async #loop(): Promise<void> {
    while (this.#going) {
      try {
        if (this.#version === undefined) await this.#list();
        await this.#watch();
      } catch (thrown) {
        if (this.#going) this.#tally.bad(kindOf(thrown), String(thrown));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async #list(): Promise<void> {
    const { status, text } = await get(this.#access, this.#path, false);
    if (status !== 200) throw new Error(`http ${status}`);
    this.#listed += 1;
    const list = JSON.parse(text);
    this.#version = list.metadata.resourceVersion;
    this.#covered = BigInt(list.metadata.resourceVersion);
  }

  /** Resolves when the server ends the watch in order, or says that the resourceVersion is too old. */
  #watch(): Promise<void> {
    const { server, ca, cert, key } = this.#access;
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${this.#version}&timeoutSeconds=500`;
    return new Promise((resolve, reject) => {
      const begun = performance.now();
      const request = https.get(`${server}${this.#path}?${query}`, { ca, cert, key, agent: false }, (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          if (response.statusCode === 410) this.#version = undefined;
          return reject(new Error(`http ${response.statusCode}`));
        }
        this.#begun += 1;
        this.#tally.good(performance.now() - begun);
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) this.#event(JSON.parse(line));
        });
        response.on('end', resolve);
        response.on('error', reject);
      });
      this.#current = request;
      request.on('error', reject);
    });
  }

  #event({ type, object }: WatchEvent): void {
    const version = object.metadata?.resourceVersion;
    if (type === 'ERROR') {
      if (object.code === 410) this.#version = undefined;
      return;
    }
    if (version === undefined) return;
    this.#version = version;
    if (type === 'ADDED' || type === 'MODIFIED') this.#note(version);
  }

  #note(version: string): void {
    this.#seen.set(version, (this.#seen.get(version) ?? 0) + 1);
  }

  #missing(versions: ReadonlySet<string>): readonly string[] {
    return [...versions].filter((version) => !this.#seen.has(version) && BigInt(version) > this.#covered);
  }

  /** Whether every one of these has come. */
  hasSeen(versions: ReadonlySet<string>): boolean {
    return this.#missing(versions).length === 0;
  }

  report(written: ReadonlySet<string>) {
    return {
      seen: this.#seen.size,
      missed: this.#missing(written).length,
      doubled: [...this.#seen.values()].filter((count) => count > 1).length,
      resumed: Math.max(0, this.#begun - this.#listed),
      relisted: Math.max(0, this.#listed - 1),
    };
  }
}
