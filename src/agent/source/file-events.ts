export type FileEvent = 'rename' | 'change' | 'unknown';

/**
 * What the watch has told about each name since the last look that used it. inotify by way of libuv: `rename` is a file
 * that was made, moved here, moved away or removed; `change` one that was written to or had its mode set.
 */
export class FileEvents {
  #now = new Map<string, FileEvent>();
  #before: ReadonlyMap<string, FileEvent> = new Map();

  add(name: string, event: FileEvent): void {
    this.#now.set(name, event);
  }

  /** The last thing told about the name, also when it was told during the look. */
  of(name: string): FileEvent | undefined {
    return this.#now.get(name) ?? this.#before.get(name);
  }

  /** A look begins: it uses what was told until now. */
  beginLook(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** The look did not use what was told about the name. */
  keep(name: string): void {
    const event = this.of(name);
    if (event !== undefined) this.#now.set(name, event);
  }
}
