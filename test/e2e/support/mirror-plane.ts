import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { readClusterAccess } from '../../../src/kubeconfig/read-access.ts';
import { archive } from '../../components/locations.ts';
import { OrderLog } from './acceptance-order.ts';
import { AcceptancePod } from './acceptance-pod.ts';
import { eventually, expectCode } from './command.ts';
import { engineOf } from './engine.ts';
import { MirrorHistory } from './mirror-history.ts';
import { Plane } from './plane.ts';
import { writeShellImage } from './shell-image.ts';

export type ApiEvent = {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly name: string; readonly uid: string };
};

const waitMs = 60_000;

/** A control plane whose manifest directory takes more pods, looked at through its API server. */
export class MirrorPlane extends Plane {
  readonly history = new MirrorHistory();
  readonly #over = new AbortController();
  #client: KubeClient | undefined;

  /** Brings it up with images of shells, and begins to watch. */
  async begin(): Promise<void> {
    const images = this.path('test-images');
    mkdirSync(images);
    for (const which of ['old', 'new'] as const) {
      const config = { Env: ['PATH=/bin:/usr/bin', `IMAGE=${which}`] };
      await writeShellImage(this.image(which), join(images, `${which}.tar`), config);
    }
    const archives = [images, dirname(archive('pause'))].map((directory) => `  - ${directory}\n`).join('');
    this.writeConfig({ documents: `images:\n  archives:\n${archives}` });
    expectCode(await this.init(), 0);
    const access = await readClusterAccess(nodeHost, this.path('etc/kubernetes/admin.conf'));
    this.#client = createKubeClient(nodeHost, access);
    await this.history.follow(this.api, this.#over.signal);
  }

  override async destroy(): Promise<void> {
    this.#over.abort();
    await super.destroy();
    // What the agent has imported from the archives.
    if (this.runtime !== 'process') await engineOf(this.runtime).removeImages(this.image('old'), this.image('new'));
  }

  /** As the administrator. */
  get api(): KubeClient {
    if (this.#client === undefined) throw new Error('the plane has not begun');
    return this.#client;
  }

  image(which: 'old' | 'new' = 'old'): string {
    return `kube-bootstrap.test/mirror-shell:${which}`;
  }

  aPod(name: string, spec: Readonly<Record<string, unknown>> = {}, metadata: Readonly<Record<string, unknown>> = {}) {
    return new AcceptancePod({ image: this.image(), directory: this.path('orders') }, name, spec, metadata);
  }

  /** Writes its manifest, whole at once. */
  put(pod: AcceptancePod): void {
    const temporary = this.path(`etc/kubernetes/manifests/.${pod.name}`);
    writeFileSync(temporary, pod.manifest());
    renameSync(temporary, this.manifest(pod.name));
  }

  removeManifest(name: string): void {
    rmSync(this.manifest(name));
  }

  /** Takes a manifest away; what is returned brings it back. */
  hide(name: string): () => void {
    const place = this.path(`${name}.hidden`);
    renameSync(this.manifest(name), place);
    return () => renameSync(place, this.manifest(name));
  }

  order(pod: AcceptancePod): OrderLog {
    return new OrderLog(pod.directory);
  }

  mirror(name: string, namespace = 'default'): Promise<Pod | undefined> {
    return this.api.get<Pod>(`/api/v1/namespaces/${namespace}/pods/${name}-node1`);
  }

  /** The mirror pod of a static pod as soon as it is as it should be. */
  until(name: string, what: string, isTrue: (pod: Pod) => boolean, namespace = 'default'): Promise<Pod> {
    let last: Pod | undefined;
    return eventually(
      `the mirror pod of ${name}: ${what}`,
      async () => {
        last = await this.mirror(name, namespace);
        return last !== undefined && isTrue(last) ? last : undefined;
      },
      waitMs,
    ).catch((thrown: unknown) => {
      throw new Error(`${String(thrown)}\n${JSON.stringify(last?.metadata)}\n${JSON.stringify(last?.status)}`);
    });
  }

  ready(name: string, namespace = 'default'): Promise<Pod> {
    return this.until(name, 'is ready', isReady, namespace);
  }

  gone(name: string): Promise<unknown> {
    return eventually(`the mirror pod of ${name} goes`, async () => (await this.mirror(name)) === undefined, waitMs);
  }

  async events(name: string, namespace = 'default'): Promise<readonly ApiEvent[]> {
    const { items } = await this.api.list<ApiEvent>(`/api/v1/namespaces/${namespace}/events`);
    return items.filter(({ involvedObject }) => involvedObject.name === name);
  }

  endAgent(): void {
    process.kill(this.agentPid(), 'SIGKILL');
  }

  async startAgent(): Promise<void> {
    expectCode(await this.init(['phase', 'start-agent']), 0);
  }
}

export function isReady({ status }: Pod): boolean {
  // A new one has none yet.
  return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');
}

/** How the containers of a pod are known to the runtime; the same ids are the same processes. */
export function idsOf({ status }: Pod): readonly (string | undefined)[] {
  return (status?.containerStatuses ?? []).map(({ containerID }) => containerID);
}

export function restartsOf({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((total, { restartCount }) => total + restartCount, 0);
}
