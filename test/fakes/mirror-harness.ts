import { ApiState } from '../../src/agent/api/agent-api.ts';
import type { ClusterEvent } from '../../src/agent/events/cluster-event.ts';
import { MirrorPods } from '../../src/agent/mirror/mirror-pods.ts';
import type { SeenPod } from '../../src/agent/status/agent-status.ts';
import type { AgentPod } from '../../src/kube/agent-socket.ts';
import { podKey } from '../../src/kube/types.ts';
import { FakeApi, type StoredObject } from './fake-api.ts';
import { FakeClock } from './fake-clock.ts';
import { aNode } from './mirror-builders.ts';
import { recordingLog } from './recording-log.ts';

/** Mirror pods between static pods that a test puts there and an API server in memory. */
export class MirrorHarness {
  readonly clock = new FakeClock();
  readonly log = recordingLog();
  readonly server = new FakeApi();
  readonly api = new ApiState('node1');
  readonly events: ClusterEvent[] = [];
  readonly seen = new Map<string, SeenPod>();
  isSettled = true;
  readonly mirrors: MirrorPods;
  readonly #over = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor() {
    const { api, clock, log } = this;
    const events = { record: (event: ClusterEvent) => void this.events.push(event) };
    this.mirrors = new MirrorPods({ api, clock, log, events, random: () => 1 });
  }

  /** With these pods there, a client and a Node. */
  async start(...pods: readonly AgentPod[]): Promise<void> {
    for (const pod of pods) this.seen.set(podKey(pod.pod), { pod });
    const agent = {
      keys: () => [...this.seen.keys()],
      seen: (key: string) => this.seen.get(key) ?? {},
    };
    const shown = Object.defineProperty(agent, 'isSettled', { get: () => this.isSettled }) as typeof agent & {
      readonly isSettled: boolean;
    };
    this.#running = this.mirrors.run(shown, this.#over.signal);
    this.api.setClient(this.server.client());
    this.api.setNode(aNode());
    await this.settle();
  }

  /** What the API server has of it. */
  pod(name: string, namespace = 'default'): StoredObject | undefined {
    return this.server.objects.get(podPath(name, namespace));
  }

  pods(): readonly StoredObject[] {
    return [...this.server.objects].filter(([path]) => path.includes('/pods/')).map(([, object]) => object);
  }

  /** Somebody changes a pod. */
  edit(name: string, change: (pod: StoredObject) => StoredObject): void {
    const pod = this.pod(name);
    if (pod !== undefined) this.server.put(podPath(name), change(pod));
  }

  /** As `kubectl delete --force`. */
  forceDelete(name: string): void {
    this.server.delete(podPath(name));
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.clock.advance(0);
    await this.#running;
  }

  /** The agent has looked at this pod; nothing of it is left without `seen`. */
  async turn(key: string, seen?: SeenPod): Promise<void> {
    if (seen === undefined) this.seen.delete(key);
    else this.seen.set(key, seen);
    this.mirrors.observer.changed?.(key);
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await this.clock.advance(0);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }
}

function podPath(name: string, namespace = 'default'): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}
