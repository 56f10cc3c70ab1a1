import type { Http2Client } from './http2-client.ts';
import { kindOf, oneAfterAnother, type Tally } from './tally.ts';

type Written = { readonly metadata: { readonly name: string; readonly resourceVersion: string } };

/** Writes that the server has acknowledged: what was written last under each name, and every resourceVersion. */
export class Writer {
  readonly #client: Http2Client;
  readonly #tally: Tally;
  readonly #path: string;
  readonly #last = new Map<string, number>();
  readonly #versions = new Set<string>();
  #count = 0;
  #name = '';

  constructor(client: Http2Client, namespace: string, tally: Tally) {
    this.#client = client;
    this.#tally = tally;
    this.#path = `/api/v1/namespaces/${namespace}/configmaps`;
  }

  /** One write every 50 ms: a new object, then four changes of it. */
  start(): () => Promise<void> {
    return oneAfterAnother(50, () => this.#write());
  }

  async #write(): Promise<void> {
    const count = this.#count++;
    const create = count % 5 === 0 || !this.#last.has(this.#name);
    if (create) this.#name = `write-${count}`;
    const name = this.#name;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { count: String(count) } };
    const begun = performance.now();
    try {
      const { status, text } = await (create
        ? this.#client.request('POST', this.#path, object)
        : this.#client.request('PUT', `${this.#path}/${name}`, object));
      if (status > 201) return this.#tally.bad(`http ${status}`, text.slice(0, 200));
      this.#tally.good(performance.now() - begun);
      this.#last.set(name, count);
      this.#versions.add((JSON.parse(text) as Written).metadata.resourceVersion);
    } catch (thrown) {
      this.#tally.bad(kindOf(thrown), String(thrown));
    }
  }

  get versions(): ReadonlySet<string> {
    return this.#versions;
  }

  /** The writes that were acknowledged and are not there (or something newer under that name); asks until answered. */
  async lost(): Promise<readonly string[]> {
    const found = new Map((await this.#list()).map(({ metadata, data }) => [metadata.name, Number(data?.count)]));
    return [...this.#last]
      .filter(([name, count]) => (found.get(name) ?? -1) < count)
      .map(([name, count]) => `${name}: ${count}, there is ${found.get(name) ?? 'nothing'}`);
  }

  async #list(): Promise<readonly (Written & { readonly data?: { readonly count?: string } })[]> {
    for (let tries = 1; ; tries++) {
      try {
        const { status, text } = await this.#client.request('GET', this.#path);
        if (status === 200) return JSON.parse(text).items;
        if (tries === 100) throw new Error(`${this.#path}: ${status} ${text}`);
      } catch (thrown) {
        if (tries === 100) throw thrown;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
