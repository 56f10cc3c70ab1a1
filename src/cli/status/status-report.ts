import { lastRuntime } from '../../agent/home/last-runtime.ts';
import type { AgentConfiguration } from '../../agent/settings/configuration.ts';
import type { Clock } from '../../base/clock.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import type { AgentPod } from '../../kube/agent-socket.ts';
import { type AddressHost, lostAddress, lostAddressText } from '../../kube/own-addresses.ts';
import { certificateExpirations } from '../../kubeconfig/expirations.ts';
import type { AgentDoor } from '../../phases/context.ts';
import { changeUnderWay } from '../../rollout/journal/rollout-lock.ts';
import { readCurrentRevision } from '../../rollout/revisions/revisions.ts';
import type { ObservedPod } from '../../runtime/runtime.ts';
import { startAgainCommand } from '../agent/agent-starter.ts';
import { rootFlag } from '../root-flag.ts';
import type { Screen, StatusFacts } from './status-table.ts';
import { statusTable } from './status-table.ts';

export type StatusReport = {
  /** For people. */
  readonly table: string;
  readonly document: Readonly<Record<string, unknown>>;
  /** 0 all ready, 1 something is not, 2 nothing was made here. */
  readonly exitCode: number;
};

export type StatusInput = {
  readonly host: Pick<Host, 'readText' | 'stat' | 'list' | 'identify'> & AddressHost;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly agent: Pick<AgentDoor, 'status' | 'pid' | 'configuration'>;
  readonly healthy?: readonly string[];
  readonly observe?: (runtime: AgentConfiguration['runtime']) => Promise<readonly ObservedPod[]>;
  readonly screen?: Screen;
};

/** What runs, as the agent sees it; what containers and disk say when no agent answers. */
export async function statusReport(input: StatusInput): Promise<StatusReport> {
  const { host, clock, paths, agent, healthy = [], observe, screen } = input;
  const nowMs = clock.now();
  const [status, configuration, expirations, manifests = [], last, revision, change] = await Promise.all([
    agent.status(),
    agent.configuration(),
    certificateExpirations(host, paths, nowMs),
    host.list(paths.manifestsDir),
    lastRuntime(host, paths.stateDir),
    readCurrentRevision(host, paths.revisionsDir),
    changeUnderWay(host, paths),
  ]);
  const pid = status?.pid ?? (await agent.pid());
  const hasPlane = configuration !== undefined || manifests.length > 0;
  if (!hasPlane && status === undefined && last === undefined) return nothingThere(paths);
  const there = { type: last?.type, endpoint: last?.endpoint, ...configuration?.runtime };
  const runtime = status?.runtime ?? { type: there.type ?? 'unknown' };
  const lookAtContainers = status === undefined && observe !== undefined;
  const observed = lookAtContainers ? await observe(runtimeOf(there)).catch(() => []) : [];
  const problems = [...(status?.problems ?? []), ...(await addressProblems(host, configuration))];
  const seen = { status, pid, runtime, expirations, manifests, observed, healthy, problems };
  const startAgain = pid === undefined ? await startAgainCommand(host, paths, hasPlane) : undefined;
  const facts = { ...seen, revision, change, nowMs, hasPlane, startAgain };
  const ready = isAllReady(facts);
  return { table: statusTable(facts, screen), document: documentOf(facts, ready), exitCode: ready ? 0 : 1 };
}

/** What the agent's log says some seconds later. */
async function addressProblems(
  host: AddressHost,
  configuration: AgentConfiguration | undefined,
): Promise<readonly string[]> {
  const lost = configuration?.nodeIP === undefined ? undefined : await lostAddress(host, configuration.nodeIP);
  return lost === undefined ? [] : [`${lostAddressText(lost)}: bootstrap apply fits the control plane to it`];
}

function runtimeOf({ type, endpoint }: { readonly type?: unknown; readonly endpoint?: string | undefined }) {
  const known = type === 'docker' || type === 'cri' || type === 'process' ? { type } : {};
  return { ...known, ...(endpoint === undefined ? {} : { endpoint }) } as AgentConfiguration['runtime'];
}

function nothingThere({ root }: Paths): StatusReport {
  return {
    table: `There is no control plane below ${root}.\nnext: bootstrap init${rootFlag(root)}\n`,
    document: { kind: 'Status', ready: false, pods: [] },
    exitCode: 2,
  };
}

/** An agent by itself may have nothing to do; a control plane without pods is none. */
function isAllReady({ status, hasPlane }: StatusFacts): boolean {
  if (status === undefined || status.runtime.error !== undefined || status.rejected.length > 0) return false;
  return (status.pods.length > 0 || !hasPlane) && status.pods.every(isReady);
}

/** Whether the pod is as it should be: ready, or done. */
export function isReady({ pod }: AgentPod): boolean {
  const { phase, conditions = [] } = pod.status ?? {};
  return phase === 'Succeeded' || conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function documentOf(facts: StatusFacts, ready: boolean): Readonly<Record<string, unknown>> {
  const { status, pid, runtime, expirations, observed, problems, revision, change } = facts;
  const { version, startedAt, nodeName, manifestDirectory } = status ?? {};
  return {
    kind: 'Status',
    ready,
    agent: { running: pid !== undefined, answers: status !== undefined, pid, version, startedAt, nodeName },
    runtime,
    ...(status?.node && { node: status.node }),
    ...(status?.start && { start: status.start }),
    manifestDirectory,
    pods: (status?.pods ?? []).map(podDocument),
    ...(observed.length === 0 ? {} : { observed }),
    rejected: status?.rejected ?? [],
    problems,
    ...(revision && { revision: { number: revision.number, result: revision.result, at: revision.startedAt } }),
    ...(change !== undefined && { change }),
    certificates: expirations.filter(({ missing }) => !missing),
  };
}

function podDocument(entry: AgentPod): Readonly<Record<string, unknown>> {
  const { pod, file, doing, lastError } = entry;
  const { name, namespace, uid } = pod.metadata;
  return { name, namespace, uid, file, doing, lastError, ready: isReady(entry), status: pod.status };
}
