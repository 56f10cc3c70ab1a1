import { sha256Hex } from '../../src/base/hash.ts';
import type { ImageInfo } from '../../src/runtime/runtime.ts';

/** The image side of the runtime model: what is there, what a registry would give, what archives hold. */
export class FakeImages {
  readonly #present = new Map<string, ImageInfo>();
  /** References that a pull finds. */
  readonly registry = new Set<string>();
  /** Archive path → the tags in it. */
  readonly archives = new Map<string, readonly string[]>();

  add(reference: string, user = ''): ImageInfo {
    const id = `sha256:${sha256Hex(reference)}`;
    const image = { id, tags: [reference], digests: [], sizeBytes: 1000, user };
    this.#present.set(reference, image);
    return image;
  }

  find(reference: string): ImageInfo | undefined {
    return this.#present.get(reference) ?? this.list().find(({ id }) => id === reference);
  }

  list(): readonly ImageInfo[] {
    return [...this.#present.values()];
  }

  pull(reference: string): ImageInfo {
    if (!this.registry.has(reference)) throw new Error(`cannot pull ${reference}: no such host`);
    return this.find(reference) ?? this.add(reference);
  }

  import(path: string): readonly string[] {
    const tags = this.archives.get(path);
    if (tags === undefined) throw new Error(`${path} is no image archive`);
    for (const tag of tags) this.add(tag);
    return tags;
  }

  remove(id: string): void {
    for (const [reference, image] of this.#present) if (image.id === id) this.#present.delete(reference);
  }
}
