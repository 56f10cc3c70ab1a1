import { humanDuration } from '../base/duration.ts';
import type { AgentPod, AgentStatus } from '../kube/agent-socket.ts';
import type { CertificateExpiration } from '../kubeconfig/expirations.ts';
import type { ObservedPod } from '../runtime/runtime.ts';
import { table } from './style.ts';

/** What `status` knows, gathered. */
export type StatusFacts = {
  readonly status: AgentStatus | undefined;
  /** Of an agent that lives, answering or not. */
  readonly pid: number | undefined;
  readonly runtime: {
    readonly type: string;
    readonly name?: string;
    readonly version?: string;
    readonly error?: string;
  };
  readonly expirations: readonly CertificateExpiration[];
  readonly manifests: readonly string[];
  /** The containers themselves, looked at when no agent answers. */
  readonly observed: readonly ObservedPod[];
  /** Components just seen healthy; the agent's own probes may be a second behind. */
  readonly healthy: readonly string[];
  readonly nowMs: number;
};

/** The status for people: pods, then what they rest on. */
export function statusTable(facts: StatusFacts): string {
  return `${podTable(facts)}\n${table(factRows(facts))}`;
}

function podTable(facts: StatusFacts): string {
  const { status } = facts;
  if (status === undefined) return observedTable(facts);
  const head = ['POD', 'READY', 'STATUS', 'RESTARTS', 'AGE', ''];
  const rejected = status.rejected.map(({ file, reason, lastGoodRuns }) => {
    const remark = `${reason}${lastGoodRuns ? ' (its last good form runs)' : ''}`;
    return [file, '-', 'Refused', '-', '-', remark];
  });
  return table([head, ...status.pods.map((entry) => podRow(entry, facts)), ...rejected]);
}

function podRow(entry: AgentPod, { nowMs, healthy }: StatusFacts): readonly string[] {
  const { pod } = entry;
  const containers = pod.status?.containerStatuses ?? [];
  const restarts = containers.reduce((total, { restartCount }) => total + restartCount, 0);
  const seen = healthy.includes(pod.metadata.labels?.component ?? '') && stateOf(entry) === 'Running';
  const ready = seen ? containers.length : containers.filter((container) => container.ready).length;
  return [
    pod.metadata.name,
    `${ready}/${pod.spec.containers.length}`,
    seen ? 'Healthy' : stateOf(entry),
    String(restarts),
    ageOf(pod.status?.startTime === undefined ? undefined : Date.parse(pod.status.startTime), nowMs),
    [entry.doing, entry.lastError].filter((text) => text !== undefined && text !== '').join('; '),
  ];
}

/** As kubectl's STATUS column: the reason of a container that is not running, else the phase. */
function stateOf({ pod }: AgentPod): string {
  const containers = pod.status?.containerStatuses ?? [];
  const stopped = containers.find(({ state }) => state.running === undefined)?.state;
  return stopped?.waiting?.reason ?? stopped?.terminated?.reason ?? pod.status?.phase ?? 'Pending';
}

/** What the containers say themselves: whether they are ready only an agent's probes can tell. */
function observedTable({ observed, nowMs }: StatusFacts): string {
  const unknown = 'No agent answers: nobody restarts or probes what runs.\n';
  const rows = observed.flatMap(({ pod, containers: [newest] }) => {
    if (newest === undefined) return [];
    return [[pod.name, newest.state, String(newest.attempt), ageOf(newest.startedAtMs ?? newest.createdAtMs, nowMs)]];
  });
  return rows.length === 0 ? unknown : `${unknown}\n${table([['POD', 'CONTAINER', 'ATTEMPT', 'AGE'], ...rows])}`;
}

function factRows({
  status,
  pid,
  runtime,
  expirations,
  manifests,
  nowMs,
}: StatusFacts): readonly (readonly string[])[] {
  const { type, name, version, error } = runtime;
  const named = [type, name === type ? undefined : name, version].filter((text) => text !== undefined && text !== '');
  const up = status === undefined ? ', does not answer' : `, up ${ageOf(Date.parse(status.startedAt), nowMs)}`;
  return [
    ['agent', pid === undefined ? 'not running (bootstrap init starts it)' : `pid ${pid}${up}`],
    ['runtime', `${named.join(' ')}${error === undefined ? '' : `: ${error}`}`],
    ...(status === undefined ? [['manifests', manifests.join(', ')]] : []),
    ['certificates', expiryText(nextExpiry(expirations))],
  ];
}

function nextExpiry(expirations: readonly CertificateExpiration[]): CertificateExpiration | undefined {
  return expirations
    .filter(({ expiresAt }) => expiresAt !== undefined)
    .sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0))[0];
}

function expiryText(next: CertificateExpiration | undefined): string {
  if (next === undefined) return 'none';
  const { name, expiresAt = 0, residualDays = 0 } = next;
  const date = new Date(expiresAt).toISOString().slice(0, 10);
  if (residualDays < 0) return `${name} has expired on ${date}`;
  return `${name} is the next to expire, in ${residualDays} d (${date})`;
}

function ageOf(sinceMs: number | undefined, nowMs: number): string {
  return sinceMs === undefined ? '-' : humanDuration(Math.max(0, nowMs - sinceMs));
}
