import type { HostFiles, ProcessIdentity } from '../../host/host.ts';
import type { PodIdentity } from '../runtime.ts';
import { type ContainerRecord, type ProcessPaths, readContainer } from './records.ts';

/** What is known of a container's processes; each is written once and never changes. */
export type Seen = {
  program?: { readonly identity: ProcessIdentity; readonly startedAtMs: number };
  helper?: ProcessIdentity;
};

/**
 * What of containers and sandboxes never changes once it is there, so that a look at a pod asks only for what may have
 * changed. All of it is on disk: losing it costs a read.
 */
export class ContainerMemory {
  readonly #host: Pick<HostFiles, 'readText'>;
  readonly #paths: ProcessPaths;
  readonly #records = new Map<string, ContainerRecord>();
  readonly #seen = new Map<string, Seen>();
  readonly #sandboxPods = new Map<string, PodIdentity>();

  constructor(host: Pick<HostFiles, 'readText'>, paths: ProcessPaths) {
    this.#host = host;
    this.#paths = paths;
  }

  /** A container's record; undefined when there is no such container. */
  async record(id: string): Promise<ContainerRecord | undefined> {
    const known = this.#records.get(id);
    if (known !== undefined) return known;
    const record = await readContainer(this.#host, this.#paths.file(id, 'config.json'));
    if (record !== undefined) this.#records.set(id, record);
    return record;
  }

  seen(id: string): Seen {
    const known = this.#seen.get(id) ?? {};
    this.#seen.set(id, known);
    return known;
  }

  sandboxPod(id: string): PodIdentity | undefined {
    return this.#sandboxPods.get(id);
  }

  rememberSandbox(id: string, pod: PodIdentity): void {
    this.#sandboxPods.set(id, pod);
  }

  forget(id: string): void {
    this.#records.delete(id);
    this.#seen.delete(id);
    this.#sandboxPods.delete(id);
  }

  /** Forgets containers that are not among those that are there. */
  keep(ids: readonly string[]): void {
    const there = new Set(ids);
    for (const id of [...this.#records.keys(), ...this.#seen.keys()]) {
      if (there.has(id)) continue;
      this.#records.delete(id);
      this.#seen.delete(id);
    }
  }
}
