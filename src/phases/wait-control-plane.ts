import { sleep } from '../base/clock.ts';
import { humanDuration } from '../base/duration.ts';
import { OperationError, TimeoutError } from '../base/errors.ts';
import type { ComponentState } from '../health/component-state.ts';
import { componentState, stateText } from '../health/component-state.ts';
import { failureError, failureOf, lastWords, logsCommand } from '../health/explain-failure.ts';
import type { Health } from '../health/health-polls.ts';
import { pollHealth } from '../health/health-polls.ts';
import { healthEndpoint, readManifests } from '../health/manifest-files.ts';
import { bindClusterAdmins, waitForAdminAccess } from './cluster-admins.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

const lookEveryMs = 50;
const askAgentEveryMs = 250;

/** Ends when every component is healthy and admin.conf may use the API; explains at once why a component will not. */
export const waitControlPlanePhase: Phase<InitContext> = {
  name: 'wait-control-plane',
  summary: 'wait until every component is healthy and admin.conf works',
  run: (context) => waitControlPlane(context),
};

/**
 * The same; `onAdmin` is told as soon as admin.conf has its rights, while other components still start, and whether these
 * were given just now.
 */
export async function waitControlPlane(
  context: InitContext,
  onAdmin: (justNow: boolean) => void = () => {},
): Promise<void> {
  const endpoints = (await readManifests(context.host, context.paths)).map(healthEndpoint);
  if (endpoints.length === 0) {
    throw new OperationError(`there is no manifest in ${context.paths.manifestsDir}`, {
      hint: 'bootstrap init phase control-plane',
    });
  }
  const ended = new AbortController();
  const inner = { ...context, signal: AbortSignal.any([context.signal, ended.signal]) };
  try {
    const health = endpoints.map((endpoint) => pollHealth(inner, endpoint));
    const apiServer = health.find(({ endpoint }) => endpoint.asAdmin);
    const admin = apiServer?.healthy.then(() => bindClusterAdmins(inner, apiServer.endpoint)).then(onAdmin);
    await Promise.all([watch(inner, health), admin]);
    if (apiServer !== undefined) await waitForAdminAccess(inner);
  } finally {
    ended.abort();
  }
}

/** Looks at health and at the agent until all are healthy, one has failed for good, or the time is over. */
async function watch(context: InitContext, health: readonly Health[]): Promise<void> {
  const { clock, signal, report, waitTimeoutMs } = context;
  const sinceMs = clock.now();
  const errorsSinceMs = new Map<string, number>();
  let states = new Map<string, ComponentState>();
  let askNextMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    signal.throwIfAborted();
    const pending = health.filter(({ okAtMs }) => okAtMs() === undefined);
    if (pending.length === 0) break;
    const nowMs = clock.now();
    if (nowMs >= askNextMs) {
      states = await askAgent(context, health);
      await assertNoneFailed(context, pending, states, errorsSinceMs);
      // Where an answer takes long, the machine has better things to do than to give the next one at once.
      askNextMs = nowMs + Math.max(askAgentEveryMs, 5 * (clock.now() - nowMs));
    }
    if (nowMs - sinceMs >= waitTimeoutMs) throw await timedOut(context, pending, states);
    report.waiting(pending.map((one) => waitingText(one, states, nowMs)).join(' · '), sinceMs);
    await sleep(clock, lookEveryMs, signal);
  }
  for (const { endpoint, okAtMs } of health) {
    const tookMs = (okAtMs() ?? sinceMs) - sinceMs;
    report.item({ item: endpoint.component, action: 'healthy', because: `after ${humanDuration(tookMs)}` });
  }
}

async function askAgent(context: InitContext, health: readonly Health[]): Promise<Map<string, ComponentState>> {
  const status = await context.agent.status();
  if (status === undefined && (await context.agent.pid()) === undefined) {
    const { where } = await context.agent.lastWords(0);
    throw new OperationError('the agent has ended', {
      hint: `see ${where}, then run init again`,
    });
  }
  return new Map(health.map(({ endpoint: { component } }) => [component, componentState(status, component)]));
}

async function assertNoneFailed(
  context: InitContext,
  pending: readonly Health[],
  states: ReadonlyMap<string, ComponentState>,
  errorsSinceMs: Map<string, number>,
): Promise<void> {
  for (const { endpoint } of pending) {
    const { component } = endpoint;
    const state = states.get(component) ?? {};
    if (state.pod?.lastError === undefined) errorsSinceMs.delete(component);
    else if (!errorsSinceMs.has(component)) errorsSinceMs.set(component, context.clock.now());
    const failure = await failureOf(context, component, { state, sinceMs: errorsSinceMs.get(component) ?? 0 });
    if (failure !== undefined) throw await failureError(context, failure);
  }
}

function waitingText(one: Health, states: ReadonlyMap<string, ComponentState>, nowMs: number): string {
  const { component } = one.endpoint;
  const state = stateText(states.get(component) ?? {}, nowMs);
  const answer = one.lastAnswer();
  return `${component} ${state}${answer === undefined || !state.startsWith('running') ? '' : `, ${answer}`}`;
}

async function timedOut(
  context: InitContext,
  pending: readonly Health[],
  states: ReadonlyMap<string, ComponentState>,
): Promise<TimeoutError> {
  const nowMs = context.clock.now();
  const first = pending[0]?.endpoint.component ?? 'etcd';
  const reasons = pending.map((one) => waitingText(one, states, nowMs));
  return new TimeoutError(`not healthy after ${humanDuration(context.waitTimeoutMs)}: ${reasons.join('; ')}`, {
    ...(reasons[0] === undefined ? {} : { lastReason: reasons[0] }),
    details: [`${first}:`, ...(await lastWords(context, first, states.get(first) ?? {}))],
    hint: `${logsCommand(context, first)}; the components go on starting, and init may be run again`,
  });
}
