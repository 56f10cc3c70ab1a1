import { Agent } from '../../src/agent/agent.ts';
import type { PodEvent } from '../../src/agent/metrics/observer.ts';
import { type AgentSettings, defaultSettings } from '../../src/agent/settings/settings.ts';
import type { Rival } from '../../src/agent/takeover/takeover.ts';
import type { Host, HttpResponse, ListeningSocket } from '../../src/host/host.ts';
import type { AgentPod } from '../../src/kube/agent-socket.ts';
import { joinedRuntime } from '../../src/runtime/joined-runtime.ts';
import { placeText } from '../../src/runtime/place.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { aMachine, MemoryHost } from './memory-host.ts';
import { recordingLog } from './recording-log.ts';

export const manifestsDir = '/etc/kubernetes/manifests';
const pause = defaultSettings.podInfraContainerImage;
/** The name of the runtime that pods move out of. */
export const left = { type: 'docker', endpoint: 'unix:///left.sock' } as const;

type Answer = (url: string) => number | Error;

/** An agent on a machine in memory: fake clock, fake runtime, files that a test writes, URLs that a test answers. */
export class AgentHarness {
  readonly clock: FakeClock;
  runtime: FakeRuntime;
  /** What pods move out of, once they do. */
  former: FakeRuntime | undefined;
  readonly files: MemoryHost;
  readonly host: Host;
  readonly log = recordingLog();
  /** What HTTP requests get: a status, or an error when nobody listens. */
  answer: Answer = () => new Error('connection refused');
  /** What somebody who looks at the pods would hear. */
  readonly told: PodEvent[] = [];
  /** Called when a pod may look different. */
  onChanged: (key: string) => void = () => {};
  /** Processes that live, by pid. */
  readonly processes = new Map<number, string>();
  /** What the agent was given to finish or undo a rollout whose process has died. */
  recover: () => Promise<boolean> = async () => true;
  /** Who still looks after pods of other owners; with it the agent takes those over. */
  rivalOf: (() => Promise<Rival | undefined>) | undefined;
  /** Who listens on the machine, beside pods. */
  listening: readonly ListeningSocket[] = [];
  agent: Agent;
  readonly #settings: AgentSettings;
  #running: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #session: Session = { dead: false };

  constructor(settings: Partial<AgentSettings> = {}, rivalOf?: () => Promise<Rival | undefined>) {
    this.rivalOf = rivalOf;
    this.clock = new FakeClock();
    this.runtime = new FakeRuntime(this.clock);
    this.runtime.images.add(pause);
    this.runtime.images.add('example/app:1');
    this.files = new MemoryHost({ [`${manifestsDir}/.keep`]: '' });
    this.files.nowMs = this.clock.now() - 3_600_000;
    this.host = this.#hostOf();
    this.#settings = {
      ...defaultSettings,
      nodeName: 'node1',
      nodeIPs: ['192.0.2.10'],
      staticPodPath: manifestsDir,
      ...settings,
    };
    this.agent = this.#make();
  }

  /** The agent's calls from now on: none is carried out or answered any more, as if it were gone at this instant. */
  kill(): void {
    this.#session.dead = true;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.agent = this.#make();
  }

  /** Told of each call of the agent's to runtime or disk; says when it dies: before the call, or after it was carried out. */
  onCall: (name: string) => 'before' | 'after' | undefined = () => undefined;

  /** Starts the agent and lets it do what it has to. */
  async start(): Promise<void> {
    this.#running = this.agent.run(this.#abort.signal);
    await this.clock.advance(0);
    await this.settle();
  }

  /** The next agent has another runtime; pods are in the one before. */
  async changeRuntime(): Promise<void> {
    await this.stop();
    this.former = this.runtime;
    this.runtime = new FakeRuntime(this.clock, 1000);
    this.runtime.images.add(pause);
    this.runtime.images.add('example/app:1');
    this.#abort = new AbortController();
    this.agent = this.#make();
  }

  /** As a kill -9 and a new start: memory is lost, machine and runtime stay. */
  async restart(): Promise<void> {
    await this.stop();
    this.#abort = new AbortController();
    this.agent = this.#make();
    await this.start();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.clock.advance(0);
    await this.#running;
  }

  /** Until nothing happens any more without time going on. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await this.clock.advance(0);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }

  async write(name: string, text: string): Promise<void> {
    await this.files.writeFile(`${manifestsDir}/${name}`, text);
    await this.settle();
  }

  async remove(name: string): Promise<void> {
    await this.files.remove(`${manifestsDir}/${name}`);
    await this.settle();
  }

  pod(name = 'web-node1'): AgentPod | undefined {
    return this.agent.status().pods.find(({ pod }) => pod.metadata.name === name);
  }

  running(container = 'app'): readonly string[] {
    return [...this.runtime.containers.values()]
      .filter(({ name, state }) => name === container && state === 'running')
      .map(({ id }) => id);
  }

  #make(): Agent {
    const session = { dead: false };
    this.#session = session;
    const { clock, log } = this;
    const { former } = this;
    const own = former === undefined ? this.runtime : joinedRuntime(this.runtime, [{ place: left, runtime: former }]);
    const runtime = mortal(own, session, (name) => this.#called(session, name));
    const host = mortal(this.host, session, () => undefined);
    return new Agent({
      host,
      clock,
      log,
      runtime,
      ...(former !== undefined && { formers: [placeText(left)] }),
      settings: this.#settings,
      version: 'v0',
      recover: () => this.recover(),
      takeover: this.rivalOf && { rivalOf: () => this.rivalOf?.() ?? Promise.resolve(undefined) },
      observer: {
        turned: ({ key }) => this.onChanged(key),
        probed() {},
        event: (event) => void this.told.push(event),
        changed: (key) => this.onChanged(key),
      },
      obtainImage: async (reference, policy) =>
        (policy === 'Always' ? undefined : await runtime.findImage(reference)) ?? runtime.pullImage(reference),
      paths: {
        stateDir: '/var/lib/bootstrap',
        lastGoodDir: '/var/lib/bootstrap/last-good',
        kubeletDir: '/var/lib/kubelet',
        podLogsDir: '/var/log/pods',
        containerLogsDir: '/var/log/containers',
        runDir: '/run/bootstrap',
        agentSocket: '/run/bootstrap/agent.sock',
        agentLock: '/run/bootstrap/agent.lock',
      },
    });
  }

  #called(session: Session, name: string): 'before' | 'after' | undefined {
    const dies = session === this.#session ? this.onCall(name) : undefined;
    if (dies !== undefined) session.dead = true;
    return dies;
  }

  #hostOf(): Host {
    const request = async (url: string): Promise<HttpResponse> => {
      const answer = this.answer(url);
      if (answer instanceof Error) throw answer;
      return { status: answer, headers: {}, body: Buffer.from('') };
    };
    // Only what an agent calls; anything else fails loudly as "not a function".
    const listeners = async (port: number) => this.listening.filter((socket) => socket.port === port);
    const identify = async (pid: number) => {
      const startTicks = this.processes.get(pid);
      return startTicks === undefined ? undefined : { pid, startTicks };
    };
    const network = { identify, request, listeners, connectTcp: async () => {} };
    return Object.assign(this.files, aMachine(), network) as unknown as Host;
  }
}

type Session = { dead: boolean };

/** A door of an agent that may be killed: a dead one's calls are never answered, and change nothing. */
function mortal<T extends object>(
  door: T,
  session: Session,
  onCall: (name: string) => 'before' | 'after' | undefined,
): T {
  const never = new Promise<never>(() => {});
  return new Proxy(door, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      // What answers at once cannot hang, and changes nothing.
      if (typeof value !== 'function') return value;
      if (immediate.includes(String(name))) return value.bind(target);
      return (...args: readonly unknown[]) => {
        if (session.dead) return never;
        const dies = onCall(String(name));
        if (dies === 'before') return never;
        const answer: unknown = Reflect.apply(value, target, args);
        if (dies === 'after') void Promise.resolve(answer).catch(() => {});
        return dies === 'after' ? never : answer;
      };
    },
  });
}

const immediate = [
  'events',
  'watch',
  'cpuCount',
  'totalMemoryBytes',
  'architecture',
  'environment',
  'env',
  'homeDirectory',
];

/** A manifest of pod default/web with one container `app`; `spec` is YAML put into the spec. */
export function webManifest(spec: readonly string[] = [], container: readonly string[] = []): string {
  return [
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    '  name: web',
    'spec:',
    '  hostNetwork: true',
    ...spec.map((line) => `  ${line}`),
    '  containers:',
    '  - name: app',
    '    image: example/app:1',
    ...container.map((line) => `    ${line}`),
    '',
  ].join('\n');
}
