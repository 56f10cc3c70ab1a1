import { hasCode, messageOf } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';
import type { Hop } from './link-targets.ts';

type Watched = { names: ReadonlySet<string>; readonly end: () => void };

/** So many directories are watched for the sake of links; the rescan sees the rest. */
const mostDirectories = 100;

/** Watches the places that links lead through, so that another target counts at once and not at the next rescan. */
export class LinkWatch {
  readonly #host: Pick<HostFiles, 'watch'>;
  readonly #onChange: () => void;
  readonly #warn: (message: string) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(options: {
    readonly host: Pick<HostFiles, 'watch'>;
    readonly onChange: () => void;
    readonly warn: (message: string) => void;
  }) {
    this.#host = options.host;
    this.#onChange = options.onChange;
    this.#warn = options.warn;
  }

  /** Watches exactly these; true when a new watch began: what changed before it was not seen. */
  follow(hops: readonly Hop[]): boolean {
    const wanted = Map.groupBy(hops, ({ directory }) => directory);
    for (const [directory, { end }] of this.#watched) {
      if (wanted.has(directory)) continue;
      end();
      this.#watched.delete(directory);
    }
    let began = false;
    for (const [directory, inside] of [...wanted].slice(0, mostDirectories)) {
      const names = new Set(inside.map(({ name }) => name));
      const known = this.#watched.get(directory);
      if (known === undefined) began = this.#begin(directory, names) || began;
      else known.names = names;
    }
    return began;
  }

  end(): void {
    this.follow([]);
  }

  #begin(directory: string, names: ReadonlySet<string>): boolean {
    const forget = () => void this.#watched.delete(directory);
    const onChange = (name: string | undefined) => {
      if (name === undefined || (this.#watched.get(directory)?.names.has(name) ?? false)) this.#onChange();
      // The directory itself was moved or removed: the next look watches what is there then.
      if (name === undefined || directory.endsWith(`/${name}`)) this.#forgetMoved(directory);
    };
    try {
      const end = this.#host.watch(directory, onChange, forget);
      this.#watched.set(directory, { names, end });
      return true;
    } catch (thrown) {
      if (!hasCode(thrown, 'ENOENT', 'ENOTDIR'))
        this.#warn(`${directory}, where links lead, cannot be watched: ${messageOf(thrown)}`);
      return false;
    }
  }

  #forgetMoved(directory: string): void {
    this.#watched.get(directory)?.end();
    this.#watched.delete(directory);
    this.#onChange();
  }
}
