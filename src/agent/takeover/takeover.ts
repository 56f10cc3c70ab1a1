import { type Clock, sleep } from '../../base/clock.ts';
import { PreflightError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { AgentPod } from '../../kube/agent-socket.ts';
import type { ContainerRuntime, ObservedPod } from '../../runtime/runtime.ts';
import type { KnownPod } from '../admission/admissions.ts';
import type { PodFacts } from '../plan/facts.ts';
import { mayRun } from '../plan/instance.ts';
import type { PodSource } from '../source/pod-source.ts';
import type { PodStates } from '../state/pod-states.ts';
import { planTakeover, type TakenPod, type TakeoverPlan } from './plan-takeover.ts';

/** Somebody who would keep or bring back the pods that are to be replaced. */
export type Rival = { readonly problem: string; readonly hint: string };

type Options = {
  readonly runtime: Pick<ContainerRuntime, 'version' | 'observePods' | 'observeForeign'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly states: Pick<PodStates, 'get'>;
  readonly source: Pick<PodSource, 'get'>;
  /** All pods, wanted or there. */
  readonly pods: () => Iterable<KnownPod>;
  readonly shown: (key: string) => AgentPod | undefined;
  /** Who still looks after these pods of others. */
  readonly rivalOf: (pods: readonly ObservedPod[]) => Promise<Rival | undefined>;
};

type PodName = { readonly namespace: string; readonly name: string };

/** Nobody tells what becomes of others' pods. */
const lookEveryMs = 1000;

/**
 * Replaces pods of other owners that have the name of a pod of ours: shows them to the turns, as older forms of it, one
 * pod after another. How far it is stands in the runtime and in the notes of begun stops, so that the next agent goes on.
 */
export class Takeover {
  readonly #options: Options;
  #over = false;
  #turn: string | undefined;
  #rival: Rival | undefined;
  #told = '';

  constructor(options: Options) {
    this.#options = options;
  }

  /** Whether all pods of the directory are ours. */
  get isOver(): boolean {
    return this.#over;
  }

  version(): ReturnType<ContainerRuntime['version']> {
    return this.#options.runtime.version();
  }

  /** Pods of ours, and those of others that are to be replaced. */
  async observePods(only?: PodName): Promise<readonly ObservedPod[]> {
    const { runtime } = this.#options;
    if (this.#over) return runtime.observePods(only);
    const [own, all] = await Promise.all([runtime.observePods(only), runtime.observeForeign(only)]);
    const wanted = all.filter((pod) => this.#isWanted(pod));
    if (only === undefined) await this.#listed(wanted);
    return [...own, ...wanted];
  }

  /** Throws PreflightError while somebody looks after the old pods; nothing has been touched then. */
  async refuseRival(): Promise<void> {
    const { runtime, rivalOf } = this.#options;
    // A runtime that does not answer yet is looked at when it does.
    const pods = await runtime.observeForeign().catch((): readonly ObservedPod[] => []);
    const rival = await rivalOf(pods.filter((pod) => this.#isWanted(pod)));
    if (rival !== undefined) throw new PreflightError(`nothing is taken over: ${rival.problem}`, { hint: rival.hint });
  }

  /** Has everything looked at every second, until all is ours or the signal aborts. */
  async watch(signal: AbortSignal, look: () => Promise<unknown>): Promise<void> {
    while (!signal.aborted && !this.#over) {
      await sleep(this.#options.clock, lookEveryMs, signal);
      if (!signal.aborted && !this.#over) await look();
    }
  }

  /** What a turn of this pod has to heed. */
  facts(key: string): Pick<PodFacts, 'notYet' | 'keepsForeign'> {
    if (this.#over) return {};
    const { waiting, kept } = this.#plan();
    const notYet = waiting.get(key);
    return { ...(notYet === undefined ? {} : { notYet }), ...(kept.has(key) ? { keepsForeign: true } : {}) };
  }

  /** The pod whose turn it has become since this was asked last. */
  passed(): readonly string[] {
    if (this.#over) return [];
    const { turn } = this.#plan();
    const isNew = turn !== this.#turn;
    this.#turn = turn;
    return isNew && turn !== undefined ? [turn] : [];
  }

  #plan(): TakeoverPlan {
    const taken = [...this.#options.pods()].flatMap(({ key, observed }) => this.#takenPod(key, observed) ?? []);
    return planTakeover(taken, this.#rival?.problem);
  }

  #takenPod(key: string, observed: readonly ObservedPod[]): TakenPod | undefined {
    const foreign = observed.filter((pod) => pod.foreign === true);
    if (foreign.length === 0) return undefined;
    const runs = foreign.some(({ containers }) => containers.some(mayRun));
    const begun = foreign.some((pod) => this.#hasBegun(pod));
    return { key, foreign: begun ? 'begun' : runs ? 'runs' : 'remains', settled: isSettled(this.#options.shown(key)) };
  }

  #isWanted(pod: ObservedPod): boolean {
    return this.#options.source.get(keyOf(pod)) !== undefined || this.#hasBegun(pod);
  }

  #hasBegun({ pod, containers }: ObservedPod): boolean {
    const { containers: known } = this.#options.states.get(pod.uid);
    return containers.some(({ id }) => known[id]?.stop !== undefined);
  }

  async #listed(foreign: readonly ObservedPod[]): Promise<void> {
    const { log, rivalOf } = this.#options;
    this.#over = foreign.length === 0;
    if (this.#over) return log.info('takeover: all pods of the directory are ours');
    this.#rival = await rivalOf(foreign);
    const names = [...new Set(foreign.map(keyOf))].sort().join(', ');
    const says = this.#rival?.problem ?? `still with another owner, replaced one after another: ${names}`;
    if (says !== this.#told) log.info(`takeover: ${says}`);
    this.#told = says;
  }
}

function keyOf({ pod }: ObservedPod): string {
  return `${pod.namespace}/${pod.name}`;
}

function isSettled(shown: AgentPod | undefined): boolean {
  const { phase, conditions = [] } = shown?.pod.status ?? {};
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return isReady || phase === 'Succeeded' || phase === 'Failed';
}
