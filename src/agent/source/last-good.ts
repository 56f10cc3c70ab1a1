import { join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { shortHash } from '../../base/hash.ts';
import type { Log } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';

/**
 * The last valid form of a manifest. `device` and `inode` are of the directory it was seen in, to know a directory that is
 * unmounted or replaced; 0 for a URL, or where an older version kept none.
 */
export type LastGood = {
  /** Path or URL. */
  readonly file: string;
  readonly text: string;
  readonly device: number;
  readonly inode: number;
  /** RFC 3339, when this form was first seen. */
  readonly seen: string;
};

type StoreHost = Pick<HostFiles, 'makeDirectory' | 'writeFile' | 'readText' | 'list' | 'remove'>;

/**
 * The last valid forms on disk, one small file each (0600), so that they hold over restarts of agent and machine. Written
 * in the background: a pod must not wait for it, and what is lost is only a copy of a file that is there.
 */
export class LastGoodStore {
  readonly #host: StoreHost;
  readonly #dir: string;
  readonly #log: Log;
  #saving: Promise<void> = Promise.resolve();

  constructor(host: StoreHost, dir: string, log: Log) {
    this.#host = host;
    this.#dir = dir;
    this.#log = log;
  }

  async all(): Promise<readonly LastGood[]> {
    const names = (await this.#host.list(this.#dir)) ?? [];
    const texts = await Promise.all(names.map((name) => this.#host.readText(join(this.#dir, name))));
    return texts.flatMap((text) => parse(text) ?? []);
  }

  keep(good: LastGood): void {
    this.#save(async () => {
      await this.#host.makeDirectory(this.#dir, { mode: 0o700 });
      await this.#host.writeFile(this.#path(good.file), `${JSON.stringify(good)}\n`, { mode: 0o600 });
    });
  }

  forget(file: string): void {
    this.#save(() => this.#host.remove(this.#path(file)));
  }

  /** Resolves when all is written. */
  saved(): Promise<void> {
    return this.#saving;
  }

  #save(action: () => Promise<void>): void {
    this.#saving = this.#saving.then(action).catch((thrown: unknown) => {
      this.#log.warn(`the last good manifest cannot be kept: ${messageOf(thrown)}`);
    });
  }

  #path(file: string): string {
    return join(this.#dir, `${shortHash(file)}.json`);
  }
}

function parse(text: string | undefined): LastGood | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null) return undefined;
    const { file, text: manifest, device, inode, seen } = value as Record<string, unknown>;
    if (typeof file !== 'string' || typeof manifest !== 'string') return undefined;
    if (typeof device !== 'number' || typeof seen !== 'string') return undefined;
    return { file, text: manifest, device, inode: typeof inode === 'number' ? inode : 0, seen };
  } catch {
    return undefined;
  }
}

/** Whether what stands for a file is the URL of a manifest. */
export function isUrl(file: string): boolean {
  return /^https?:\/\//.test(file);
}
