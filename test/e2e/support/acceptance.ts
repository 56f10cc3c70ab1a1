import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeHost } from '../../../src/host/node-host.ts';
import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { archive } from '../../components/locations.ts';
import { OrderLog } from './acceptance-order.ts';
import { AcceptancePod } from './acceptance-pod.ts';
import { isRestarted } from './acceptance-status.ts';
import { eventually } from './command.ts';
import { type Engine, type EngineContainer, engineOf, engineUnderTest, type RuntimeUnderTest } from './engine.ts';
import { LoneAgent } from './lone-agent.ts';
import { writeShellImage } from './shell-image.ts';

const pause = 'registry.k8s.io/pause:3.10.2';
const waitMs = 90_000;
/** Many tests of one file look at the same time. */
const lookEveryMs = 100;

/** A `bootstrap agent` on a directory of its own with images of its own, looked at from outside only. */
export class AcceptanceAgent extends LoneAgent {
  readonly #runtime: RuntimeUnderTest;
  readonly #images: string;
  readonly #more: readonly string[];
  readonly #tag = Math.random().toString(16).slice(2, 10);
  #owner = 'none';
  #seen: { readonly atMs: number; readonly pods: Promise<readonly Pod[]> } | undefined;

  constructor(runtime: RuntimeUnderTest = engineUnderTest, more: readonly string[] = []) {
    super(runtime, dirname(archive(pause)));
    this.#runtime = runtime;
    this.#more = more;
    this.#images = join(this.root, 'images');
  }

  override arguments(): readonly string[] {
    const log = ['--log-file', join(this.root, 'agent.log'), '--v', '2'];
    return [...super.arguments(), '--image-archives', this.#images, ...log, ...this.#more];
  }

  /** An image with a shell; `old` and `new` differ in their id, a third is in no runtime. */
  image(which: 'old' | 'new' | 'missing' = 'old'): string {
    return `kube-bootstrap.test/shell:${which}-${this.#tag}`;
  }

  /** Makes the images and starts the agent. */
  async begin(): Promise<void> {
    mkdirSync(this.#images);
    for (const which of ['old', 'new'] as const) {
      const file = join(this.#images, `${which}.tar`);
      await writeShellImage(this.image(which), file, { Env: ['PATH=/bin:/usr/bin', `IMAGE=${which}`] });
      if (this.#runtime !== 'process') await this.engine.load(file);
    }
    await this.start();
    this.#owner = this.owner();
  }

  get engine(): Engine {
    return engineOf(this.#runtime);
  }

  /** An agent that never answers is ended, so that the test file can end too. */
  override async start(): Promise<void> {
    try {
      await super.start();
    } catch (thrown) {
      await this.end('SIGKILL');
      throw new Error(`${String(thrown)}\n${readFileSync(join(this.root, 'agent.log'), 'utf8').slice(-2000)}`);
    }
  }

  override async destroy(): Promise<void> {
    try {
      await super.destroy();
    } finally {
      await this.end('SIGKILL');
      await this.#clear();
    }
  }

  /** What a failed test has left. */
  async #clear(): Promise<void> {
    if (this.#runtime === 'process') return;
    // A sandbox may take its containers with it.
    const left = await this.engine.find({ 'kube-bootstrap/owner': this.#owner });
    await Promise.allSettled(left.map(({ id }) => this.engine.remove(id)));
    await this.engine.removeImages(this.image('old'), this.image('new'));
  }

  aPod(name: string, spec: Readonly<Record<string, unknown>> = {}, metadata = {}): AcceptancePod {
    return new AcceptancePod({ image: this.image(), directory: join(this.root, 'order') }, name, spec, metadata);
  }

  put(pod: AcceptancePod): void {
    this.write(`${pod.name}.yaml`, pod.manifest());
  }

  order({ directory }: AcceptancePod): OrderLog {
    return new OrderLog(directory);
  }

  /** The v1 PodList of agent.sock. */
  pods(): Promise<readonly Pod[]> {
    const now = performance.now();
    if (this.#seen === undefined || now - this.#seen.atMs > lookEveryMs) this.#seen = { atMs: now, pods: this.#list() };
    return this.#seen.pods;
  }

  async see(name: string): Promise<Pod | undefined> {
    return (await this.pods()).find(({ metadata }) => metadata.name === `${name}-node1`);
  }

  /** The same pod with what the agent does to it. */
  async agentPod(name: string): Promise<AgentPod | undefined> {
    return (await this.status()).pods.find(({ pod }) => pod.metadata.name === `${name}-node1`);
  }

  /** Waits until the pod is as the condition wants it; the failure shows how it is. */
  async until(name: string, what: string, condition: (pod: Pod) => boolean, timeoutMs = waitMs): Promise<Pod> {
    let last: Pod | undefined;
    const found = eventually(
      `${name}: ${what}`,
      async () => {
        last = await this.see(name);
        return last !== undefined && condition(last) ? last : undefined;
      },
      timeoutMs,
    );
    return found.catch((thrown: unknown) => {
      throw new Error(`${String(thrown)}\n${JSON.stringify(last?.status, null, 1)}`);
    });
  }

  phase(name: string, phase: string): Promise<Pod> {
    return this.until(name, `phase ${phase}`, ({ status }) => status?.phase === phase);
  }

  running(name: string): Promise<Pod> {
    return this.until(
      name,
      'all containers run',
      ({ status }) =>
        status?.phase === 'Running' && status.containerStatuses.every(({ state }) => state.running !== undefined),
    );
  }

  /** Waits until another pod of that name runs: one of another UID than `first`. */
  replaced(name: string, first: Pod): Promise<Pod> {
    return this.until(
      name,
      'another UID runs',
      ({ metadata, status }) =>
        metadata.uid !== first.metadata.uid && status?.containerStatuses[0]?.state.running !== undefined,
    );
  }

  /** Waits until that container runs after so many restarts. */
  restarted(name: string, container: string, restarts = 1, timeoutMs = waitMs): Promise<Pod> {
    const what = `${container} runs after ${restarts} restarts`;
    return this.until(name, what, (pod) => isRestarted(pod, container, restarts), timeoutMs);
  }

  vanished(name: string, timeoutMs = waitMs): Promise<true> {
    return eventually(
      `pod ${name} is gone`,
      async () => (await this.see(name)) === undefined,
      timeoutMs,
    ) as Promise<true>;
  }

  async #list(): Promise<readonly Pod[]> {
    const socketPath = join(this.root, 'run/bootstrap/agent.sock');
    const { body } = await nodeHost.request('http://agent/pods', { socketPath, timeoutMs: 10_000 });
    return (JSON.parse(Buffer.from(body).toString()) as { readonly items: readonly Pod[] }).items;
  }

  /** All containers and sandboxes of the pod, dead ones too, as the engine has them. */
  inEngine(name: string): Promise<readonly EngineContainer[]> {
    return this.engine.find({ 'kube-bootstrap/owner': this.#owner, 'io.kubernetes.pod.name': `${name}-node1` });
  }

  /** Those of them that run. */
  async runningInEngine(name: string): Promise<readonly EngineContainer[]> {
    return (await this.inEngine(name)).filter(({ state }) => state === 'running');
  }

  /** The running container of that name, `POD` for the sandbox, as the engine has it. */
  async inEngineAs(name: string, container: string): Promise<EngineContainer | undefined> {
    return (await this.runningInEngine(name)).find((one) => one.container === container);
  }

  /** Sends a signal to a container's program behind the agent's back. */
  async kill(name: string, container: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const found = await this.inEngineAs(name, container);
    if (found?.pid !== undefined) process.kill(found.pid, signal);
  }
}
