import { rest } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { tcpSockets } from '../../host/tcp-sockets.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { RolloutContext } from '../apply/context.ts';
import { failed } from '../apply/failure.ts';
import { AgentWatcher, refuseFailed } from '../apply/gate.ts';

const component = 'kube-apiserver';
const lookEveryMs = 50;
/** Answered only after the rules of RBAC have been looked up; `/readyz` alone is not. */
const checkedPath = '/api/v1/namespaces/kube-system';

/** The inodes of the sockets that listen on a port now. */
export async function listeningInodes(
  host: Parameters<typeof tcpSockets>[0],
  port: number,
): Promise<ReadonlySet<string>> {
  const sockets = await tcpSockets(host, port);
  return new Set(sockets.filter(({ state }) => state === 'listen').map(({ inode }) => inode));
}

/**
 * Waits until somebody else listens on the port too. Until then the old instance answers for the new one, whoever asks,
 * the agent's probes as well. Throws `ComponentFailure` when the new one has failed for good, or is late.
 */
export async function untilItListens(
  context: RolloutContext,
  { port, old }: { readonly port: number; readonly old: ReadonlySet<string> },
): Promise<void> {
  const { host, clock, signal, report, config } = context;
  const watcher = new AgentWatcher(context, component);
  const [sinceMs, sinceTicks] = [clock.now(), clock.ticks()];
  const { healthTimeoutMs } = config.bootstrap.rollout;
  for (;;) {
    const lookedTicks = clock.ticks();
    if ([...(await listeningInodes(host, port))].some((inode) => !old.has(inode))) return;
    const state = await watcher.state();
    signal.throwIfAborted();
    await refuseFailed(context, { component }, { state, sinceMs: watcher.errorSinceMs() });
    if (clock.ticks() - sinceTicks >= healthTimeoutMs) {
      throw await failed(context, { component, what: 'does not listen', state, timedOut: true });
    }
    report.waiting(`${component}: the new one does not listen yet`, sinceMs);
    await rest(clock, { everyMs: lookEveryMs, sinceTicks: lookedTicks }, signal);
  }
}

/** Waits until it has answered well so many times running; each time it is asked for its readiness and for an object. */
export async function untilItAnswers(
  context: RolloutContext,
  { client, times }: { readonly client: KubeClient; readonly times: number },
): Promise<void> {
  const { clock, signal, report, config } = context;
  const [sinceMs, sinceTicks] = [clock.now(), clock.ticks()];
  for (let running = 0; running < times; ) {
    const lookedTicks = clock.ticks();
    const problem = await problemOf(client);
    signal.throwIfAborted();
    running = problem === undefined ? running + 1 : 0;
    if (problem === undefined) continue;
    if (clock.ticks() - sinceTicks >= config.bootstrap.rollout.healthTimeoutMs) {
      const state = await new AgentWatcher(context, component).state();
      throw await failed(context, { component, what: `does not answer: ${problem}`, state, timedOut: true });
    }
    report.waiting(`${component}: ${problem}`, sinceMs);
    await rest(clock, { everyMs: lookEveryMs, sinceTicks: lookedTicks }, signal);
  }
}

async function problemOf(client: KubeClient): Promise<string | undefined> {
  for (const path of ['/readyz', checkedPath]) {
    try {
      const { status } = await client.raw(path);
      if (status !== 200) return `${path} ${status}`;
    } catch (thrown) {
      return `${path}: ${messageOf(thrown)}`;
    }
  }
  return undefined;
}
