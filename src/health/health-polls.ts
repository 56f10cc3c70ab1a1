import { rest, sleep } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { connectUrl } from '../host/connect-url.ts';
import type { HealthContext } from './health-context.ts';
import type { HealthEndpoint } from './manifest-files.ts';

/** How soon a component that has just become healthy is noticed. */
const pollEveryMs = 60;
const answerWithinMs = 5_000;
const anyServer = { ca: false, keepAlive: true, timeoutMs: answerWithinMs } as const;

/** The polls of one component, until it answers 200 once. */
export type Health = {
  readonly endpoint: HealthEndpoint;
  readonly healthy: Promise<void>;
  readonly okAtMs: () => number | undefined;
  /** `/livez 500`, `/livez: connection refused`. */
  readonly lastAnswer: () => string | undefined;
};

export function pollHealth(context: HealthContext, endpoint: HealthEndpoint): Health {
  let okAtMs: number | undefined;
  let lastAnswer: string | undefined = 'not listening';
  const path = new URL(endpoint.url).pathname;
  const poll = async (): Promise<void> => {
    const ask = await prober(context, endpoint);
    while (!context.signal.aborted) {
      const sinceTicks = context.clock.ticks();
      try {
        const status = await ask();
        lastAnswer = `${path} ${status}`;
        if (status === 200) {
          okAtMs = context.clock.now();
          return;
        }
      } catch (thrown) {
        lastAnswer = `${path}: ${shortReason(thrown)}`;
      }
      await rest(context.clock, { everyMs: pollEveryMs, sinceTicks }, context.signal);
    }
    // Whoever aborted says why; nobody gets a promise that never ends.
    context.signal.throwIfAborted();
  };
  const healthy = poll();
  // Seen through `watch`; unhandled only when the wait has failed for another reason already.
  healthy.catch(() => {});
  return { endpoint, healthy, okAtMs: () => okAtMs, lastAnswer: () => lastAnswer };
}

async function prober(context: HealthContext, endpoint: HealthEndpoint): Promise<() => Promise<number>> {
  const { host, paths, signal } = context;
  const { origin, pathname } = new URL(endpoint.url);
  await untilPortOpens(context, endpoint);
  if (endpoint.asAdmin) {
    const client = await context.kube(paths.adminConf, { server: origin, signal, timeoutMs: answerWithinMs });
    return async () => (await client.raw(pathname)).status;
  }
  // Their certificates are self-made at each start: nothing to verify (kubeadm does the same).
  return async () => (await host.request(endpoint.url, { ...anyServer, signal })).status;
}

async function untilPortOpens({ host, clock, signal }: HealthContext, { url }: HealthEndpoint): Promise<void> {
  while (!signal.aborted) {
    try {
      return await connectUrl(host, url, answerWithinMs);
    } catch {
      await sleep(clock, pollEveryMs, signal);
    }
  }
}

/** What a request failed of, in a word where it is a usual one. */
export function shortReason(thrown: unknown): string {
  const text = messageOf(thrown);
  return /ECONNREFUSED/.test(text) ? 'connection refused' : text;
}
