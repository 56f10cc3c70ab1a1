import { sleep } from '../../base/clock.ts';
import type { ProcessIdentity } from '../../host/host.ts';
import { isAlive } from '../../host/is-alive.ts';
import { tcpSockets } from '../../host/tcp-sockets.ts';
import type { ComponentSwap, RolloutContext } from '../apply/context.ts';
import { etcdEndpoint, etcdFlags } from './etcd-access.ts';

type SwapContext = Pick<RolloutContext, 'clock' | 'paths' | 'signal'> & {
  readonly host: Pick<RolloutContext['host'], 'readText' | 'listeners' | 'identify' | 'kill'>;
};

const lookEveryMs = 20;
/** An agent that is busy with something else stops it later; then nothing is hurried. */
const closesWithinMs = 10_000;
/** What requests in flight get to be answered once nobody new is let in. */
const answersWithinMs = 300;

type Old = { readonly port: number; readonly process: ProcessIdentity };

/**
 * Swaps etcd, and ends the old one soon after it has closed its doors. On SIGTERM etcd first closes its listeners, then
 * waits 2 s for the HTTP/2 connections of the API server (embed/etcd.go, stopServers), which tries to come back after
 * 1 s and then not for 1.6 s more (gRPC connection-backoff.md): the new one has to listen within the first. What etcd has
 * confirmed is on the disk by then. Where its process cannot be seen it takes its own time.
 */
export async function swapEtcd(context: SwapContext, swap: Pick<ComponentSwap, 'swap'>): Promise<void> {
  const old = await runningEtcd(context);
  await swap.swap();
  if (old === undefined || !(await closesItsDoors(context, old))) return;
  await sleep(context.clock, answersWithinMs, context.signal);
  if (await isAlive(context.host, old.process)) context.host.kill(old.process.pid, 'SIGKILL');
}

async function runningEtcd({ host, paths }: SwapContext): Promise<Old | undefined> {
  const flags = await etcdFlags(host, paths);
  if (flags === undefined) return undefined;
  const port = Number(new URL(etcdEndpoint(flags)).port);
  const pid = (await host.listeners(port)).find(({ program }) => program === 'etcd')?.pid;
  const process = pid === undefined ? undefined : await host.identify(pid);
  return process && { port, process };
}

/** Whether it listens no more though it lives; false when it has gone, or keeps listening. */
async function closesItsDoors(context: SwapContext, old: Old): Promise<boolean> {
  const { host, clock, signal } = context;
  for (const sinceTicks = clock.ticks(); clock.ticks() - sinceTicks < closesWithinMs; ) {
    if (!(await isAlive(host, old.process))) return false;
    const sockets = await tcpSockets(host, old.port);
    if (!sockets.some(({ state }) => state === 'listen')) return true;
    await sleep(clock, lookEveryMs, signal);
  }
  return false;
}
