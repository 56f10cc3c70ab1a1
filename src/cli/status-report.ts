import type { Clock } from '../base/clock.ts';
import { humanDuration } from '../base/duration.ts';
import type { Paths } from '../config/paths.ts';
import type { Host } from '../host/host.ts';
import type { AgentPod, AgentStatus } from '../kube/agent-socket.ts';
import type { CertificateExpiration } from '../kubeconfig/expirations.ts';
import { certificateExpirations } from '../kubeconfig/expirations.ts';
import type { AgentDoor } from '../phases/context.ts';
import { table } from './style.ts';

export type StatusReport = {
  /** For people. */
  readonly table: string;
  readonly document: Readonly<Record<string, unknown>>;
  /** 0 all ready, 1 something is not, 2 nothing was made here. */
  readonly exitCode: number;
};

type Input = {
  readonly host: Pick<Host, 'readText' | 'stat' | 'list'>;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly agent: Pick<AgentDoor, 'status' | 'pid' | 'configuration'>;
};

/** What runs, as the agent sees it; what the disk says when no agent answers. */
export async function statusReport({ host, clock, paths, agent }: Input): Promise<StatusReport> {
  const nowMs = clock.now();
  const [status, configuration, expirations, manifests] = await Promise.all([
    agent.status(),
    agent.configuration(),
    certificateExpirations(host, paths, nowMs),
    host.list(paths.manifestsDir),
  ]);
  const pid = status?.pid ?? (await agent.pid());
  const made = configuration !== undefined || status !== undefined || (manifests ?? []).length > 0;
  const pods = status?.pods ?? [];
  const ready = status !== undefined && pods.length > 0 && pods.every(isReady) && status.rejected.length === 0;
  const next = nextExpiry(expirations);
  const runtime = status?.runtime ?? { type: configuration?.runtime?.type ?? 'unknown' };
  return {
    table: made
      ? [
          ...podTable(status, nowMs),
          '',
          ...factTable({ status, pid, next, runtime, nowMs, manifests: manifests ?? [] }),
        ].join('\n')
      : `There is no control plane below ${paths.root}.\nnext: bootstrap init\n`,
    document: {
      kind: 'Status',
      ready,
      agent: {
        running: status !== undefined,
        ...(pid === undefined ? {} : { pid }),
        ...(status === undefined ? {} : { version: status.version }),
      },
      runtime,
      pods: pods.map((pod) => podDocument(pod)),
      rejected: status?.rejected ?? [],
      certificates: expirations.filter(({ missing }) => !missing),
    },
    exitCode: !made ? 2 : ready ? 0 : 1,
  };
}

function isReady({ pod }: AgentPod): boolean {
  const { phase, conditions = [] } = pod.status ?? {};
  return phase === 'Succeeded' || conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function podTable(status: AgentStatus | undefined, nowMs: number): readonly string[] {
  if (status === undefined) return ['No agent answers: what runs is not known.'];
  const head = ['POD', 'READY', 'STATUS', 'RESTARTS', 'AGE', ''];
  const rows = status.pods.map((entry) => podRow(entry, nowMs));
  const rejected = status.rejected.map(({ file, reason, lastGoodRuns }) => [
    file,
    '-',
    'Refused',
    '-',
    '-',
    `${reason}${lastGoodRuns ? ' (its last good form runs)' : ''}`,
  ]);
  return [table([head, ...rows, ...rejected]).trimEnd()];
}

function podRow(entry: AgentPod, nowMs: number): readonly string[] {
  const { pod } = entry;
  const containers = pod.status?.containerStatuses ?? [];
  const restarts = containers.reduce((total, { restartCount }) => total + restartCount, 0);
  const started = pod.status?.startTime;
  return [
    pod.metadata.name,
    `${containers.filter(({ ready }) => ready).length}/${pod.spec.containers.length}`,
    stateOf(entry),
    String(restarts),
    started === undefined ? '-' : humanDuration(Math.max(0, nowMs - Date.parse(started))),
    [entry.doing, entry.lastError].filter((text) => text !== undefined && text !== '').join('; '),
  ];
}

/** As kubectl's STATUS column: the reason of a container that is not running, else the phase. */
function stateOf({ pod }: AgentPod): string {
  const containers = pod.status?.containerStatuses ?? [];
  const stopped = containers.find(({ state }) => state.running === undefined)?.state;
  return stopped?.waiting?.reason ?? stopped?.terminated?.reason ?? pod.status?.phase ?? 'Pending';
}

function factTable(input: {
  readonly status: AgentStatus | undefined;
  readonly pid: number | undefined;
  readonly next: CertificateExpiration | undefined;
  readonly runtime: {
    readonly type: string;
    readonly name?: string;
    readonly version?: string;
    readonly error?: string;
  };
  readonly nowMs: number;
  readonly manifests: readonly string[];
}): readonly string[] {
  const { status, pid, next, runtime, nowMs, manifests } = input;
  const upSince =
    status === undefined ? '' : `, up ${humanDuration(Math.max(0, nowMs - Date.parse(status.startedAt)))}`;
  const agent =
    pid === undefined
      ? 'not running (bootstrap init starts it)'
      : `pid ${pid}${upSince}${status === undefined ? ', does not answer' : ''}`;
  const named = [runtime.type, runtime.name === runtime.type ? undefined : runtime.name, runtime.version]
    .filter((text) => text !== undefined && text !== '')
    .join(' ');
  const rows = [
    ['agent', agent],
    ['runtime', runtime.error === undefined ? named : `${named}: ${runtime.error}`],
    ...(status === undefined ? [['manifests', manifests.join(', ')]] : []),
    ['certificates', next === undefined ? 'none' : expiryText(next)],
  ];
  return [table(rows)];
}

function nextExpiry(expirations: readonly CertificateExpiration[]): CertificateExpiration | undefined {
  return expirations
    .filter(({ expiresAt }) => expiresAt !== undefined)
    .sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0))[0];
}

function expiryText({ name, expiresAt = 0, residualDays = 0 }: CertificateExpiration): string {
  const date = new Date(expiresAt).toISOString().slice(0, 10);
  return residualDays < 0
    ? `${name} has expired on ${date}`
    : `${name} is the next to expire, in ${residualDays} d (${date})`;
}

function podDocument({ pod, file, doing, lastError }: AgentPod): Readonly<Record<string, unknown>> {
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    uid: pod.metadata.uid,
    file,
    doing,
    lastError,
    ready: isReady({ pod }),
    status: pod.status,
  };
}
