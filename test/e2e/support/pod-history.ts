import type { ContainerStatus } from '../../../src/kube/types.ts';
import { eventually } from './command.ts';
import type { LoneAgent } from './lone-agent.ts';

/** A container as it was seen at one moment. */
export type Sample = {
  readonly atMs: number;
  readonly id: string;
  readonly startedMs: number | undefined;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restarts: number;
  readonly lastExitCode: number | undefined;
};

const everyMs = 150;

/** What all containers of an agent go through, from one reading of its status for all who ask. */
export class PodHistory {
  readonly #agent: LoneAgent;
  readonly #samples = new Map<string, Sample[]>();
  #ended = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(agent: LoneAgent) {
    this.#agent = agent;
  }

  begin(): void {
    this.#loop = this.#read();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#loop;
  }

  /** The samples of a container so far, oldest first. */
  of(pod: string, container: string): readonly Sample[] {
    return this.#samples.get(`${pod}/${container}`) ?? [];
  }

  /** Waits until what was seen of the container is as the condition wants it. */
  until(
    where: { readonly pod: string; readonly container: string },
    what: string,
    condition: (samples: readonly Sample[]) => boolean,
    timeoutMs = 60_000,
  ): Promise<readonly Sample[]> {
    const { pod, container } = where;
    const told = () => `${pod}/${container} ${what}; seen at last: ${JSON.stringify(this.of(pod, container).at(-1))}`;
    return eventually(
      `${container} of ${pod} ${what}`,
      () => {
        const samples = this.of(pod, container);
        if (condition(samples)) return samples;
        throw new Error(told());
      },
      timeoutMs,
    );
  }

  async #read(): Promise<void> {
    while (!this.#ended) {
      const status = await this.#agent.status().catch(() => undefined);
      for (const { pod } of status?.pods ?? []) {
        const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
        for (const seen of [...initContainerStatuses, ...containerStatuses]) this.#add(pod.metadata.name, seen);
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  #add(pod: string, seen: ContainerStatus): void {
    const key = `${pod}/${seen.name}`;
    const samples = this.#samples.get(key) ?? [];
    this.#samples.set(key, samples);
    const startedAt = seen.state.running?.startedAt;
    samples.push({
      atMs: Date.now(),
      id: seen.containerID ?? '',
      startedMs: typeof startedAt === 'string' ? Date.parse(startedAt) : undefined,
      ready: seen.ready,
      started: seen.started ?? false,
      restarts: seen.restartCount,
      lastExitCode: seen.lastState.terminated?.exitCode,
    });
  }
}
