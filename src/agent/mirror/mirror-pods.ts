import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { KeyedQueue } from '../../base/keyed-queue.ts';
import type { Log } from '../../base/log.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import { reflect } from '../../kube/reflector.ts';
import type { Agent } from '../agent.ts';
import type { AgentApi } from '../api/agent-api.ts';
import type { EventRecorder } from '../events/recorder.ts';
import type { AgentObserver } from '../metrics/observer.ts';
import type { ApiPod } from './found-pod.ts';
import { FoundPods } from './found-pods.ts';
import { MirrorAttempts } from './mirror-attempts.ts';
import { MirrorProblems } from './mirror-problems.ts';
import { type MirrorAction, type MirrorPlan, planMirror, type Written } from './plan-mirror.ts';
import { Strangers } from './strangers.ts';
import { untilNode } from './until-node.ts';
import { mirrorSlots, writeMirror } from './write-mirror.ts';

export type MirrorDoors = {
  readonly api: AgentApi;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly random?: () => number;
};

/** What is shown: the agent's own pods. */
export type ShownPods = Pick<Agent, 'seen' | 'keys' | 'isSettled'>;

/** Actions of one turn: delete, create, status, and what a conflict takes. */
const mostSteps = 6;
const unsettledMs = 500;
const disputedMs = 1000;

/**
 * Keeps one mirror pod per static pod in the API. Each change of either side asks for one look at the pair. Pods know
 * nothing of it: however long the API server is away, this waits and they do not.
 */
export class MirrorPods {
  readonly #doors: MirrorDoors;
  readonly #found = new FoundPods();
  readonly #written = new Map<string, Written>();
  readonly #slots = mirrorSlots();
  readonly #attempts: MirrorAttempts;
  readonly #problems: MirrorProblems;
  readonly #strangers: Strangers;
  readonly #timers = new Map<string, () => void>();
  readonly #queue = new KeyedQueue((key) => this.#turn(key));
  #agent: ShownPods | undefined;
  #signal = AbortSignal.abort();
  #unread: string | undefined;
  readonly observer: AgentObserver = {
    turned: ({ key }) => this.#request(key),
    probed() {},
    changed: (key) => this.#request(key),
  };

  constructor(doors: MirrorDoors) {
    this.#doors = doors;
    this.#attempts = new MirrorAttempts(doors.clock, doors.random);
    this.#problems = new MirrorProblems(doors);
    this.#strangers = new Strangers(doors);
  }

  /** Until the signal aborts; what the API has stays. Never throws. */
  async run(agent: ShownPods, signal: AbortSignal): Promise<void> {
    const { api, clock, random } = this.#doors;
    this.#agent = agent;
    this.#signal = signal;
    const forget = api.onChange(() => this.#again());
    await untilNode(api, signal);
    await reflect<ApiPod>({
      source: api,
      path: `/api/v1/pods?fieldSelector=spec.nodeName%3D${api.nodeName}`,
      clock,
      signal,
      ...(random === undefined ? {} : { random }),
      onList: (items) => {
        this.#found.list(items);
        this.#again();
      },
      onEvent: (event) => this.#request(this.#found.event(event)),
      onProblem: (problem) => {
        this.#unread = problem;
      },
    });
    forget();
    for (const cancel of this.#timers.values()) cancel();
  }

  /** Pods that the API does not show, and why; in words. */
  problems(): readonly string[] {
    // That nobody answers is told by those who keep the node.
    const isUnread = this.#unread !== undefined && this.#doors.api.problem() === undefined;
    return [...(isUnread ? [`the mirror pods cannot be read: ${this.#unread}`] : []), ...this.#problems.words()];
  }

  /** The UID of a pod's mirror as last seen. */
  uid(key: string): string | undefined {
    const found = this.#found.get(key);
    return found?.mirrorOf === undefined ? undefined : found.uid;
  }

  /** The API server is there, or the node is another one. */
  #again(): void {
    this.#attempts.clear();
    for (const key of new Set([...(this.#agent?.keys() ?? []), ...this.#found.keys()])) this.#request(key);
  }

  #request(key: string): void {
    if (!this.#signal.aborted && this.#found.isListed) this.#queue.request(key);
  }

  async #turn(key: string): Promise<void> {
    this.#later(key, undefined);
    for (let step = 0; step < mostSteps && !this.#signal.aborted; step++) {
      const client = this.#doors.api.client();
      if (client === undefined) return;
      const plan = this.#plan(key);
      if (plan.action === undefined) return this.#rest(key, plan);
      const waitMs = this.#attempts.waitMs(key, plan.action);
      if (waitMs > 0) return this.#later(key, waitMs);
      if (!(await this.#tried(client, key, plan.action))) return;
    }
    // Somebody else writes the same pod as fast as we do.
    this.#later(key, disputedMs);
  }

  #plan(key: string): MirrorPlan {
    const node = this.#doors.api.node();
    const owner =
      node === undefined || node.metadata.deletionTimestamp !== undefined
        ? undefined
        : { name: node.metadata.name, uid: node.metadata.uid ?? '' };
    return planMirror({
      seen: this.#agent?.seen(key) ?? {},
      found: this.#found.get(key),
      written: this.#written.get(key),
      owner,
      isSettled: this.#agent?.isSettled ?? false,
    });
  }

  async #tried(client: KubeClient, key: string, action: MirrorAction): Promise<boolean> {
    const { log } = this.#doors;
    try {
      const about = { found: this.#found, written: this.#written, slots: this.#slots };
      await writeMirror({ ...about, client, signal: this.#signal }, key, action);
      log.verbose(action.do === 'set-status' ? 4 : 2, `mirror pod ${key}: ${action.do}: ${action.because}`);
      this.#attempts.succeeded(key, action);
      return true;
    } catch (thrown) {
      if (!this.#signal.aborted) this.#failed(key, action, thrown);
      return false;
    }
  }

  #failed(key: string, action: MirrorAction, thrown: unknown): void {
    const error = thrown instanceof ApiStatusError ? thrown : undefined;
    const waitMs = this.#attempts.failed(key, action, {
      isAnswered: error !== undefined,
      afterMs: error?.retryAfterMs,
    });
    this.#doors.log.verbose(2, `mirror pod ${key}: ${action.do} failed: ${messageOf(thrown)}`);
    // That there is no answer at all is told by those who keep the node.
    if (error !== undefined) this.#problems.refused(key, this.#agent?.seen(key).pod?.pod, { action, error });
    this.#later(key, waitMs);
  }

  /** Nothing to do. */
  #rest(key: string, { waiting, isStranger, conflict }: MirrorPlan): void {
    const found = this.#found.get(key);
    const pod = this.#agent?.seen(key).pod?.pod;
    if (isStranger === true && found !== undefined) this.#strangers.see(found, this.#doors.api.nodeName);
    if (conflict !== undefined) this.#problems.stands(key, pod, conflict);
    else if (waiting === undefined) this.#problems.solved(key);
    if (this.#agent?.isSettled === false) this.#later(key, unsettledMs);
    if (found !== undefined || pod !== undefined) return;
    this.#attempts.forget(key);
    this.#written.delete(key);
    this.#strangers.forget(key);
  }

  #later(key: string, delayMs: number | undefined): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    if (delayMs === undefined || this.#signal.aborted) return;
    this.#timers.set(
      key,
      this.#doors.clock.after(delayMs, () => {
        this.#timers.delete(key);
        this.#request(key);
      }),
    );
  }
}
