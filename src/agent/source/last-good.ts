import { join } from 'node:path';
import { shortHash } from '../../base/hash.ts';
import type { HostFiles } from '../../host/host.ts';

/** The last valid form of a manifest. `device`: of the directory it was seen in, to know a directory that is unmounted. */
export type LastGood = {
  readonly file: string;
  readonly text: string;
  readonly device: number;
  /** RFC 3339, when this form was first seen. */
  readonly seen: string;
};

type StoreHost = Pick<HostFiles, 'makeDirectory' | 'writeFile' | 'readText' | 'list' | 'remove'>;

/** The last valid forms on disk, one small file each (0600), so that they hold over restarts of agent and machine. */
export class LastGoodStore {
  readonly #host: StoreHost;
  readonly #dir: string;

  constructor(host: StoreHost, dir: string) {
    this.#host = host;
    this.#dir = dir;
  }

  async all(): Promise<readonly LastGood[]> {
    const names = (await this.#host.list(this.#dir)) ?? [];
    const texts = await Promise.all(names.map((name) => this.#host.readText(join(this.#dir, name))));
    return texts.flatMap((text) => parse(text) ?? []);
  }

  async keep(good: LastGood): Promise<void> {
    await this.#host.makeDirectory(this.#dir, { mode: 0o700 });
    await this.#host.writeFile(this.#path(good.file), `${JSON.stringify(good)}\n`, { mode: 0o600 });
  }

  async forget(file: string): Promise<void> {
    await this.#host.remove(this.#path(file));
  }

  #path(file: string): string {
    return join(this.#dir, `${shortHash(file)}.json`);
  }
}

function parse(text: string | undefined): LastGood | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null) return undefined;
    const { file, text: manifest, device, seen } = value as Record<string, unknown>;
    if (typeof file !== 'string' || typeof manifest !== 'string') return undefined;
    if (typeof device !== 'number' || typeof seen !== 'string') return undefined;
    return { file, text: manifest, device, seen };
  } catch {
    return undefined;
  }
}
