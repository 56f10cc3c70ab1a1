import { Agent } from '../../agent/agent.ts';
import type { StartTimes } from '../../agent/home/start-times.ts';
import type { AgentMetrics } from '../../agent/metrics/agent-metrics.ts';
import { combineObservers } from '../../agent/metrics/combine-observers.ts';
import { measuredRuntime } from '../../agent/metrics/measured-runtime.ts';
import type { ProbeRun, Turn } from '../../agent/metrics/observer.ts';
import type { RuntimeHealth } from '../../agent/metrics/runtime-health.ts';
import { watchAddresses } from '../../agent/node/watch-addresses.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import { sleep } from '../../base/clock.ts';
import { type Log, silentLog } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import { releaseVersion } from '../../kube/version.ts';
import type { Recovery } from '../../rollout/journal/recovery.ts';
import { readCredentials } from '../../runtime/images/credentials.ts';
import { obtainImage } from '../../runtime/images/obtain.ts';
import { placeText } from '../../runtime/place.ts';
import type { ContainerRuntime, ObservedPod } from '../../runtime/runtime.ts';
import type { CliContext } from '../command.ts';
import type { Recovered } from '../rollout/recover-rollout.ts';
import { type AgentRuntimes, openAgentRuntime } from './agent-runtimes.ts';
import type { QuietCollector } from './collect-when-quiet.ts';
import type { EditGuard } from './guard-edits.ts';
import type { NodeSession, NodeSessionDoors } from './node-session.ts';
import { rivalOf } from './rivals.ts';
import type { ServiceNotifier } from './service/service-notifier.ts';

/** How long what was begun in the runtime may take to be whole; a runtime that hangs holds nobody up. */
const settleMs = 10_000;

/** What stays the same for the life of the process, whatever the configuration says. */
export type AgentSetup = AgentRuntimes & {
  readonly context: CliContext;
  readonly paths: Paths;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly health: RuntimeHealth;
  readonly memory: QuietCollector;
  readonly start: StartTimes;
  readonly service: ServiceNotifier;
  /** Finishes or undoes a change of the control plane whose process has died. */
  readonly recover: () => Promise<Recovered>;
  /** What it has recovered, and nobody has followed up. */
  readonly recovered: Recovery[];
  readonly guard: EditGuard;
  /** Pods of other owners are replaced by ours. */
  readonly takeover: boolean;
};

/** An agent at work with one set of settings. */
export type AgentSession = {
  readonly settings: AgentSettings;
  readonly agent: Agent;
  readonly runtime: ContainerRuntime;
  /** What it does at the API server; undefined without a kubeconfig. */
  readonly node: NodeSession | undefined;
  /** Settles when the agent has ended by itself: a signal, `POST /stop`, or a bug of ours. */
  readonly ended: Promise<void>;
  /** Ends it, pods stay: whatever it was about to do is left to the next one, as after a kill. */
  end(): Promise<void>;
};

/** Starts an agent with these settings. */
export async function openSession(setup: AgentSetup, settings: AgentSettings): Promise<AgentSession> {
  const { context } = setup;
  const over = new AbortController();
  const inFlight = new Set<Promise<unknown>>();
  const own = { ...setup, log: logUntil(over.signal, setup.log) };
  const runtime = await openAgentRuntime(own, settings);
  const measured = measuredRuntime(runtime, { ...setup, clock: context.clock }, { signal: over.signal, inFlight });
  const unhealthy = () => setup.health.problem(context.clock.now());
  const node = await nodeOf({ ...own, ...context, settings, runtime: measured, unhealthy });
  const agent = agentOf(own, settings, { runtime: measured, node });
  node?.start(agent, AbortSignal.any([context.signal, over.signal]));
  void watchAddresses(
    { ...own, ...context, ...settings, log: own.log },
    AbortSignal.any([context.signal, over.signal]),
  );
  const ended = agent.run(AbortSignal.any([context.signal, over.signal]));
  // Whoever races for it hears of a failure; until somebody does it is not unhandled.
  ended.catch(() => {});
  return {
    settings,
    agent,
    runtime: measured,
    node,
    ended,
    end: async () => {
      over.abort();
      await ended.finally(async () => {
        await Promise.race([Promise.all(inFlight), sleep(context.clock, settleMs)]);
        await runtime.close();
      });
    },
  };
}

/** Loaded only where there is a kubeconfig. */
async function nodeOf(doors: NodeSessionDoors): Promise<NodeSession | undefined> {
  const { kubeconfig } = doors.settings;
  if (kubeconfig === undefined) return undefined;
  const { openNodeSession } = await import('./node-session.ts');
  return openNodeSession(doors, kubeconfig);
}

/** What the agent could not finish fails once it is over; nobody needs to read that. */
function logUntil(signal: AbortSignal, log: Log): Log {
  const told = () => (signal.aborted ? silentLog : log);
  return {
    info: (message) => told().info(message),
    warn: (message) => told().warn(message),
    error: (message) => told().error(message),
    verbose: (level, message) => told().verbose(level, message),
  };
}

function agentOf(
  { context, paths, log, metrics, memory, start, recover, guard, formers, takeover }: AgentSetup,
  settings: AgentSettings,
  { runtime, node }: { readonly runtime: ContainerRuntime; readonly node: NodeSession | undefined },
): Agent {
  const { host, clock } = context;
  const { containerLogMaxBytes: maxBytes, containerLogMaxFiles: maxFiles, imageArchives: archives } = settings;
  const tagsCache = new Map();
  const login = (image: string) => readCredentials(host, image, paths.kubeletDir);
  const options = {
    host,
    clock,
    log,
    runtime,
    formers: formers.map(placeText),
    settings,
    paths,
    observer: combineObservers(
      {
        turned: (turn: Turn) => {
          metrics.turned(turn);
          start.turned(turn);
          if (turn.acted) memory.busy();
        },
        probed: (run: ProbeRun) => metrics.probed(run),
      },
      ...(node === undefined ? [] : [node.observer]),
    ),
    version: releaseVersion,
    recover: async () => (await recover()) !== 'left',
    reviewChange: guard.review,
    takeover: takeover ? { rivalOf: (pods: readonly ObservedPod[]) => rivalOf(host, pods) } : undefined,
    obtainImage: (reference: string, policy: Parameters<typeof obtainImage>[2]['policy']) =>
      obtainImage(runtime, reference, { policy, archives, host, tagsCache, login, signal: context.signal }),
    rotation: { maxBytes, maxFiles },
  };
  return new Agent(options);
}
