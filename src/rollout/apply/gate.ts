import { rest } from '../../base/clock.ts';
import { humanDuration } from '../../base/duration.ts';
import { type ComponentState, componentState, exitCount, stateText } from '../../health/component-state.ts';
import { failureOf } from '../../health/explain-failure.ts';
import { healthEndpoint, readManifests } from '../../health/manifest-files.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { writeAndRead } from './api-check.ts';
import { adminOf, healthProblem } from './ask-health.ts';
import type { RolloutContext } from './context.ts';
import { ComponentFailure, failed, failureFrom } from './failure.ts';
import { type Instance, instanceOf } from './instance.ts';

const lookEveryMs = 100;
/** An agent that does not answer for so long is looked after. */
const agentPatienceMs = 1_000;

export type GateInput = {
  readonly component: ComponentName;
  /** Whether this is the instance that is waited for. */
  readonly accept: (now: Instance) => boolean;
  /** Whether what is seen is in the container runtime that it moves to: how it ended elsewhere is no failure. */
  readonly arrived?: (now: Instance) => boolean;
  /** Asks the API server here instead of where its manifest says. */
  readonly server?: string | undefined;
  /** Exits of the same pod that belong to what was before. */
  readonly exitsBefore?: number;
  /** Exits that are no failure yet; default 1. */
  readonly forgiven?: number;
  readonly timeoutMs: number;
  /** Whether the API server has to take a write; not when it refused one before. */
  readonly writes: boolean;
  /** What else has to be healthy: the API server behind a changed etcd. */
  readonly also?: readonly ComponentName[];
};

/**
 * Ends when the instance that is waited for is started, ready as the agent sees it, and healthy by its own endpoint; an
 * API server also takes a write and gives it back. Throws `ComponentFailure` as soon as it has failed for good, or is late.
 */
export async function gate(context: RolloutContext, input: GateInput): Promise<void> {
  const { clock, signal, report } = context;
  const { component, timeoutMs } = input;
  const [sinceMs, sinceTicks] = [clock.now(), clock.ticks()];
  const watcher = new AgentWatcher(context, component);
  for (;;) {
    const lookedTicks = clock.ticks();
    const state = await watcher.state();
    signal.throwIfAborted();
    const problem = await problemOf(context, input, state);
    if (problem === undefined) return;
    const { container: _elsewhere, ...unseen } = state;
    const judged = input.arrived?.(instanceOf(state)) === false ? unseen : state;
    await refuseFailed(context, input, { state: judged, sinceMs: watcher.errorSinceMs() });
    if (clock.ticks() - sinceTicks >= timeoutMs) {
      const what = `is not healthy after ${humanDuration(timeoutMs)}: ${problem}`;
      throw await failed(context, { component, what, state, timedOut: true });
    }
    report.waiting(`${component}: ${problem}`, sinceMs);
    await rest(clock, { everyMs: lookEveryMs, sinceTicks: lookedTicks }, signal);
  }
}

/** Why the component is not through yet, undefined when it is. */
async function problemOf(
  context: RolloutContext,
  { accept, component, server, writes, also = [] }: GateInput,
  state: ComponentState,
): Promise<string | undefined> {
  const now = instanceOf(state);
  if (!accept(now) || !now.ready) return stateText(state, context.clock.now());
  const manifests = await readManifests(context.host, context.paths);
  const manifest = manifests.find((item) => item.component === component);
  if (manifest === undefined) return 'its manifest is not there';
  const problem = await healthProblem(context, manifest, server);
  if (problem !== undefined) return problem;
  if (component === 'kube-apiserver' && writes) {
    const refused = await writeAndRead(await adminOf(context, manifest, server));
    if (refused !== undefined) return refused.text;
  }
  for (const other of manifests.filter((item) => also.includes(item.component))) {
    // Its certificate may be the new one already, which an address that moves is no longer in.
    const behind = await healthProblem(context, other, new URL(healthEndpoint(other).url).origin);
    if (behind !== undefined) return `${other.component} behind it: ${behind}`;
  }
  return undefined;
}

/** Throws `ComponentFailure` when what the agent says of the component will not get better by itself. */
export async function refuseFailed(
  context: RolloutContext,
  { component, exitsBefore = 0, forgiven = 1 }: Pick<GateInput, 'component' | 'exitsBefore' | 'forgiven'>,
  seen: { readonly state: ComponentState; readonly sinceMs: number },
): Promise<void> {
  const { rejected } = seen.state;
  if (rejected !== undefined) {
    const what = `has a manifest that the agent refuses: ${rejected.reason}`;
    throw new ComponentFailure(component, {
      what,
      details: [],
      next: 'correct the configuration, then apply it again',
    });
  }
  const failure = await failureOf(context, component, { ...seen, exitsBefore, forgiven });
  if (failure !== undefined) throw await failureFrom(context, failure, seen.state);
}

/** What the agent says of one component; brings an agent back that has died meanwhile. */
export class AgentWatcher {
  readonly #context: RolloutContext;
  readonly #component: ComponentName;
  #silentSince: number | undefined;
  #revivedTicks = Number.NEGATIVE_INFINITY;
  #errorSinceMs: number | undefined;

  constructor(context: RolloutContext, component: ComponentName) {
    this.#context = context;
    this.#component = component;
  }

  async state(): Promise<ComponentState> {
    const { agent, clock } = this.#context;
    const status = await agent.status();
    const state: ComponentState = status === undefined ? {} : componentState(status, this.#component);
    this.#errorSinceMs = state.pod?.lastError === undefined ? undefined : (this.#errorSinceMs ?? clock.now());
    if (status !== undefined) {
      this.#silentSince = undefined;
      return state;
    }
    this.#silentSince ??= clock.ticks();
    if (clock.ticks() - this.#revivedTicks >= agentPatienceMs && this.silentMs() >= agentPatienceMs) {
      await agent.revive();
      this.#revivedTicks = clock.ticks();
    }
    return state;
  }

  /** For how long nobody has been told anything of the component, in milliseconds; 0 when the agent answers. */
  silentMs(): number {
    return this.#silentSince === undefined ? 0 : this.#context.clock.ticks() - this.#silentSince;
  }

  /** Since when the agent has told of an error without a break; now when it tells of none. */
  errorSinceMs(): number {
    return this.#errorSinceMs ?? this.#context.clock.now();
  }
}

/** How many exits a restart of the same pod may show without being a failure. */
export function exitsWithOneMore(state: ComponentState): number {
  return exitCount(state) + 1;
}
