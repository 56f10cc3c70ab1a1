import { dirname, join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { sha256Hex } from '../../src/base/hash.ts';
import { silentLog } from '../../src/base/log.ts';
import { pathsOf } from '../../src/config/paths.ts';
import type { Config } from '../../src/config/types.ts';
import type { Host } from '../../src/host/host.ts';
import type { AgentPod, AgentStatus } from '../../src/kube/agent-socket.ts';
import { decodePod } from '../../src/kube/pod.ts';
import type { Pod } from '../../src/kube/types.ts';
import type { ComponentName } from '../../src/manifests/component.ts';
import { components, manifestFile } from '../../src/manifests/components.ts';
import type { RolloutAgent, RolloutContext } from '../../src/rollout/apply/context.ts';
import type { RolloutEvent } from '../../src/rollout/apply/events.ts';
import { planRollout } from '../../src/rollout/plan/plan.ts';
import { gatherPlanFacts } from '../../src/rollout/plan/plan-facts.ts';
import { configurationText, gatherRevision } from '../../src/rollout/revisions/gather-revision.ts';
import { readCurrentRevision, readLastGood, writeRevision } from '../../src/rollout/revisions/revisions.ts';
import type { RolloutPlan } from '../../src/rollout/types.ts';
import { aComponentPod, aHost, aKubeClient, anAgentStatus } from './init-context.ts';
import { MemoryHost } from './memory-host.ts';
import { anEcdsaConfig, makePki, pkiContext } from './pki-context.ts';
import { aDraft } from './revision-builders.ts';
import { renderedPods } from './rollout-builders.ts';

export const paths = pathsOf('/');

/** Waits short enough that a test goes through all of them. */
export function inHaste(config: Config): Config {
  const rollout = { ...config.bootstrap.rollout, settleMs: 4_000, healthTimeoutMs: 8_000 };
  return { ...config, bootstrap: { ...config.bootstrap, rollout } };
}

/** How an instance of a manifest fares; `fails later`: it is ready at first. */
export type Fate = 'healthy' | 'exits' | 'never ready' | 'fails later';

type Run = { readonly uid: string; readonly text: string; readonly attempt: number; readonly startedMs: number };

/** Time that passes as soon as somebody waits for it. */
export class HastyClock implements Clock {
  #now = Date.UTC(2026, 0, 2);

  now(): number {
    return this.#now;
  }

  ticks(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = setImmediate(() => {
      this.#now += delayMs;
      action();
    });
    return () => clearImmediate(timer);
  }
}

/**
 * A control plane as `init` leaves it, on a disk in memory, with an agent that runs its manifests: what becomes of an
 * instance is decided by `fate`.
 */
export class RolloutWorld {
  readonly clock = new HastyClock();
  readonly events: RolloutEvent[] = [];
  readonly said: string[] = [];
  /** Components by name, in the order in which instances of them were started. */
  readonly started: ComponentName[] = [];
  readonly interrupt = new AbortController();
  readonly files: MemoryHost;
  readonly former: Config;
  fate: (component: ComponentName, text: string) => Fate = () => 'healthy';
  /** Whether an agent answers; `revive` brings it back. */
  agentLives = true;
  /** How often the agent was started by other settings. */
  reloads = 0;
  readonly #runs: Map<ComponentName, Run>;
  readonly #pods = new Map<string, Pod | undefined>();

  private constructor(former: Config, files = new MemoryHost(), runs = new Map<ComponentName, Run>()) {
    this.former = former;
    this.files = files;
    this.#runs = runs;
  }

  static async make(former: Config = inHaste(anEcdsaConfig())): Promise<RolloutWorld> {
    const world = new RolloutWorld(former);
    const { files } = world;
    await makePki(pkiContext(files, { config: former }));
    for (const { file, text } of (await renderedPods(former)).values()) {
      await files.makeDirectory(dirname(file), { mode: 0o700 });
      await files.writeFile(file, text, { mode: 0o600 });
    }
    const content = await gatherRevision(world.host, { config: former, paths });
    const draft = aDraft({ ...content, configuration: configurationText(former) });
    await writeRevision(world.host, paths.revisionsDir, draft);
    world.look();
    world.started.length = 0;
    return world;
  }

  /** The same machine for the next process, after a kill. */
  restarted(): RolloutWorld {
    const next = new RolloutWorld(this.former, this.files.restarted(), this.#runs);
    next.fate = this.fate;
    return next;
  }

  /** Another machine that is the same. */
  copy(): RolloutWorld {
    return new RolloutWorld(this.former, this.files.copy(), new Map(this.#runs));
  }

  get host(): Host {
    return aHost(this.files, { environment: () => ({}), request: async () => answer });
  }

  /** The text that the running instance of a component was started with. */
  running(component: ComponentName): string | undefined {
    return this.#runs.get(component)?.text;
  }

  /** Every file but revisions and what belongs to nobody: what a change that was undone has to leave as it was. */
  plane(): Readonly<Record<string, string | undefined>> {
    const kept = this.files
      .files()
      .filter((path) => !path.startsWith(paths.stateDir) && !path.startsWith(paths.runDir));
    return Object.fromEntries(kept.map((path) => [path, this.files.text(path)]));
  }

  look(): void {
    for (const { name } of components) {
      const text = this.files.text(join(paths.manifestsDir, manifestFile(name)));
      if (text === undefined) this.#runs.delete(name);
      else if (this.#runs.get(name)?.uid !== sha256Hex(text)) this.#start(name, text, 0);
    }
  }

  #start(component: ComponentName, text: string, attempt: number): void {
    this.started.push(component);
    this.#runs.set(component, { uid: sha256Hex(text), text, attempt, startedMs: this.clock.now() });
  }

  get agent(): RolloutAgent {
    const alive = () => {
      if (!this.agentLives) throw new Error('connect ECONNREFUSED');
    };
    return {
      status: async () => (this.agentLives ? this.status() : undefined),
      look: async () => {
        alive();
        this.look();
      },
      overlap: async () => alive(),
      stay: async () => alive(),
      stopOld: async () => alive(),
      restart: async (file) => {
        alive();
        const name = components.find((component) => file.endsWith(manifestFile(component.name)))?.name;
        const run = name && this.#runs.get(name);
        if (name !== undefined && run !== undefined) this.#start(name, run.text, run.attempt + 1);
        return [];
      },
      reload: async () => void this.reloads++,
      revive: async () => {
        const dead = !this.agentLives;
        this.agentLives = true;
        if (dead) this.look();
        return dead;
      },
    };
  }

  #decoded(text: string, file: string): Pod | undefined {
    if (!this.#pods.has(text)) this.#pods.set(text, decodePod(text, file).pod);
    return this.#pods.get(text);
  }

  status(): AgentStatus {
    return anAgentStatus([...this.#runs].flatMap(([component, run]) => this.#pod(component, run) ?? []));
  }

  #pod(component: ComponentName, { uid, text, attempt, startedMs }: Run): AgentPod | undefined {
    const file = join(paths.manifestsDir, manifestFile(component));
    const pod = this.#decoded(text, file);
    if (pod === undefined) return undefined;
    const startedAt = new Date(startedMs).toISOString();
    const fate = this.fate(component, text);
    const exited = fate === 'exits' || (fate === 'fails later' && this.clock.now() - startedMs > 3_000);
    const shown = aComponentPod(component, {
      containerID: `fake://${uid}-${attempt}`,
      ready: !exited && fate !== 'never ready',
      state: exited
        ? { terminated: { exitCode: 1, reason: 'Error', startedAt, finishedAt: startedAt } }
        : { running: { startedAt } },
      restartCount: attempt,
      image: pod.spec.containers[0]?.image ?? '',
    });
    const metadata = { ...pod.metadata, name: `${component}-node1`, uid };
    const { status } = shown.pod;
    return { file, pod: { ...pod, metadata, spec: { ...pod.spec, nodeName: 'node1' }, ...(status && { status }) } };
  }

  /** What a change to this configuration works with. */
  async context(config: Config = this.former): Promise<RolloutContext> {
    const { clock, events, said } = this;
    const say = (text: string) => void said.push(text);
    return {
      ...{ clock, config, paths, host: this.host, former: this.former, log: silentLog, agent: this.agent },
      rendered: [...(await renderedPods(config)).values()],
      report: {
        item: ({ item, action, because }) => say(`${item} ${action} ${because}`),
        ...{ info: say, warn: say },
        waiting() {},
        file() {},
      },
      signal: this.interrupt.signal,
      kube: async () => aKubeClient({ raw: async () => ({ status: 200, text: 'ok' }), get: async <T>() => ({}) as T }),
      lastLogLines: async () => ['its last word'],
      runtime: async () => {
        throw new Error('no runtime in this test');
      },
      obtainImage: async () => {},
      canary: undefined as never,
      invocation: {
        startedMs: clock.now(),
        author: { user: 'root', host: 'node1', command: 'bootstrap apply --config c.yaml' },
      },
      tell: (event) => void events.push(event),
    };
  }

  async plan(config: Config = this.former): Promise<RolloutPlan> {
    const { host, former, clock } = this;
    const [lastGood, current, rendered] = await Promise.all([
      readLastGood(host, paths),
      readCurrentRevision(host, paths.revisionsDir),
      renderedPods(config),
    ]);
    const facts = await gatherPlanFacts({
      ...{ host, config, paths, former, lastGood, current, rendered: [...rendered.values()] },
      ...{ now: clock.now(), status: this.status(), made: [] },
    });
    return planRollout(facts);
  }
}

const answer = { status: 200, headers: {}, body: Buffer.from('ok') };
