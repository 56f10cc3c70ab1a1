import type { Clock } from '../../base/clock.ts';
import type { Container, ContainerStatus, PodSandbox, PodSandboxStatus } from './messages.ts';

/** containerd learns of an OOM kill by an event of its own, which may come after that of the end. */
const settledMs = 2000;

/**
 * What asking for a status told, for as long as the list tells the same state: one list a look and one question a
 * change. A container never runs again, so what is told of one that runs or has ended stays true.
 */
export class StatusCache {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #sandboxes = new Map<string, PodSandboxStatus>();
  readonly #containers = new Map<string, ContainerStatus>();
  /** How often something happened, by ID, and to all. */
  readonly #events = new Map<string, number>();
  #clears = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  sandbox(id: string, state: PodSandbox['state']): PodSandboxStatus | undefined {
    const known = this.#sandboxes.get(id);
    return known?.state === state ? known : undefined;
  }

  container(id: string, state: Container['state']): ContainerStatus | undefined {
    const known = this.#containers.get(id);
    return known?.state === state ? known : undefined;
  }

  setSandbox(told: PodSandboxStatus): void {
    this.#sandboxes.set(told.id, told);
  }

  /** How much has happened to it; to be asked before its status is. */
  eventsOf(id: string): number {
    return this.#clears + (this.#events.get(id) ?? 0);
  }

  /** `events`: what `eventsOf` said before. */
  setContainer(told: ContainerStatus, events: number): void {
    if (this.eventsOf(told.id) !== events) return;
    const isSettled = told.finishedAt / 1e6 < this.#clock.now() - settledMs;
    // One that is only made may be started at any moment.
    if (told.state === 'CONTAINER_RUNNING' || (told.state === 'CONTAINER_EXITED' && isSettled)) {
      this.#containers.set(told.id, told);
    }
  }

  /** Something happened to it. */
  forget(id: string): void {
    this.#sandboxes.delete(id);
    this.#containers.delete(id);
    this.#events.set(id, (this.#events.get(id) ?? 0) + 1);
  }

  clear(): void {
    this.#sandboxes.clear();
    this.#containers.clear();
    this.#clears += 1;
  }

  keepOnly(ids: readonly string[]): void {
    const kept = new Set(ids);
    for (const known of [this.#sandboxes, this.#containers, this.#events]) {
      for (const id of known.keys()) if (!kept.has(id)) known.delete(id);
    }
  }
}
