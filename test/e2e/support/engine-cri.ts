import type { CriClient } from '../../../src/runtime/cri/client.ts';
import { eventually } from './command.ts';
import type { Engine, EngineContainer } from './engine.ts';
import type { OwnContainerd } from './own-containerd.ts';

const asking = { what: 'cannot look behind the agent', timeoutMs: 30_000 } as const;
const states = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
} as const;

/** A containerd of the tests', by CRI and the ctr command. */
export class CriEngine implements Engine {
  readonly type = 'cri';
  readonly #containerd: OwnContainerd;

  constructor(containerd: OwnContainerd) {
    this.#containerd = containerd;
  }

  get endpoint(): string {
    return this.#containerd.endpoint;
  }

  find(labels: Readonly<Record<string, string>>): Promise<readonly EngineContainer[]> {
    return this.#containerd.asked(async (client) => {
      const filter = { labelSelector: labels };
      const [{ items }, { containers }] = await Promise.all([
        client.call('ListPodSandbox', { filter }, asking),
        client.call('ListContainers', { filter }, asking),
      ]);
      const pids = await this.#pids();
      const sandboxes = items.map(
        ({ id, state, ...rest }): EngineContainer => ({
          ...inTruth(id, state === 'SANDBOX_READY' ? 'running' : 'exited', pids),
          ...named('POD', rest),
        }),
      );
      const others = containers.map(
        ({ id, state, metadata, ...rest }): EngineContainer => ({
          ...inTruth(id, states[state], pids),
          ...named(metadata?.name ?? '', { ...rest, metadata }),
        }),
      );
      return [...sandboxes, ...others];
    });
  }

  async remove(id: string): Promise<void> {
    await this.#containerd.asked(async (client) => {
      if (await isSandbox(client, id)) {
        await client.call('StopPodSandbox', { podSandboxId: id }, asking);
        await client.call('RemovePodSandbox', { podSandboxId: id }, asking);
        return;
      }
      await client.call('StopContainer', { containerId: id, timeout: 0 }, asking);
      // One that was killed this moment counts as running until its end is noticed.
      await eventually('it can be removed', async () => {
        await client.call('RemoveContainer', { containerId: id }, asking);
        return true;
      });
    });
  }

  load(archive: string): Promise<void> {
    return this.#containerd.importImage(archive);
  }

  async tag(reference: string, name: string): Promise<void> {
    await this.#containerd.ctr('images', 'tag', reference, name);
  }

  async push(reference: string, login?: string): Promise<void> {
    const user = login === undefined ? [] : ['--user', login];
    await this.#containerd.ctr('images', 'push', '--plain-http', ...user, reference);
  }

  async removeName(reference: string): Promise<void> {
    await this.#containerd.ctr('images', 'remove', reference);
  }

  async removeImages(...references: readonly string[]): Promise<void> {
    await this.#containerd.asked(async (client) => {
      for (const image of references) await client.call('RemoveImage', { image: { image } }, asking);
    });
  }

  /** Of what runs, by id: the lines of ctr are `ID PID STATUS`. */
  async #pids(): Promise<ReadonlyMap<string, number>> {
    const lines = (await this.#containerd.ctr('tasks', 'list')).split('\n').map((line) => line.trim().split(/\s+/));
    const running = lines.filter(([, pid, state]) => state === 'RUNNING' && Number(pid) > 0);
    return new Map(running.map(([id = '', pid]) => [id, Number(pid)]));
  }
}

/** What CRI calls running may have ended since it was asked. */
function inTruth(id: string, told: EngineContainer['state'], pids: ReadonlyMap<string, number>) {
  const pid = pids.get(id);
  if (told !== 'running') return { id, state: told };
  return pid === undefined ? { id, state: 'exited' as const } : { id, state: told, pid };
}

type Described = {
  readonly metadata: { readonly attempt: number } | null;
  readonly labels: Readonly<Record<string, string>>;
};

function named(container: string, { metadata, labels }: Described) {
  const [pod, namespace, uid] = ['name', 'namespace', 'uid'].map((part) => labels[`io.kubernetes.pod.${part}`]);
  return { container, labels, name: ['k8s', container, pod, namespace, uid, metadata?.attempt].join('_') };
}

async function isSandbox(client: CriClient, id: string): Promise<boolean> {
  const { items } = await client.call('ListPodSandbox', { filter: { id } }, asking);
  return items.length > 0;
}
