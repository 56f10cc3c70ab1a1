import { messageOf } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';
import type { FileEvent } from './file-events.ts';
import { manifestName } from './manifest-files.ts';

type Watched = { readonly directory: string; readonly inode: number; readonly end: () => void };

/** Watches one directory (inotify), anew when another one is in its place. */
export class DirectoryWatch {
  readonly #host: Pick<HostFiles, 'watch'>;
  readonly #onChange: (name: string | undefined, event: FileEvent) => void;
  readonly #warn: (message: string) => void;
  #watched: Watched | undefined;

  constructor(options: {
    readonly host: Pick<HostFiles, 'watch'>;
    /** A manifest may have changed. */
    readonly onChange: (name: string | undefined, event: FileEvent) => void;
    readonly warn: (message: string) => void;
  }) {
    this.#host = options.host;
    this.#onChange = options.onChange;
    this.#warn = options.warn;
  }

  /** True when a new watch began: what changed before it was not seen. */
  ensure({ directory, inode }: { readonly directory: string; readonly inode: number }): boolean {
    if (this.#watched?.directory === directory && this.#watched.inode === inode) return false;
    this.end();
    const onChange = (name: string | undefined, event: FileEvent = 'unknown') => {
      if (name === undefined || manifestName(name) === 'read') this.#onChange(name, event);
    };
    const onError = (thrown: unknown) => {
      this.#warn(`the watch of ${directory} ended: ${messageOf(thrown)}`);
      this.end();
    };
    try {
      this.#watched = { directory, inode, end: this.#host.watch(directory, onChange, onError) };
      return true;
    } catch (thrown) {
      this.#warn(`${directory} cannot be watched, it is only read at times: ${messageOf(thrown)}`);
      return false;
    }
  }

  end(): void {
    this.#watched?.end();
    this.#watched = undefined;
  }
}
