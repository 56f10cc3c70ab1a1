import { humanDuration } from '../../base/duration.ts';
import type { AgentPod } from '../../kube/agent-socket.ts';
import type { ContainerStatus } from '../../kube/types.ts';
import type { StatusRow } from './status-layout.ts';

export type RowFacts = { readonly nowMs: number; readonly healthy: readonly string[]; readonly withNamespace: boolean };

/** A pod as rows: itself, and its containers where there are several or an init container has not done its work. */
export function podRows(entry: AgentPod, facts: RowFacts): readonly StatusRow[] {
  const mains = entry.pod.status?.containerStatuses ?? [];
  const inits = (entry.pod.status?.initContainerStatuses ?? []).filter(({ state }) => state.terminated?.exitCode !== 0);
  const all = [...inits, ...mains];
  const single = all.length <= 1;
  const rows = single ? [] : all.map((container) => containerRow(container, facts));
  const pod = podRow(entry, facts, single ? all[0] : undefined);
  // Said once, where it belongs.
  const said = rows.some(({ remark }) => pod.remark !== '' && remark.includes(pod.remark));
  return [said ? { ...pod, remark: '' } : pod, ...rows];
}

function podRow(entry: AgentPod, { nowMs, healthy, withNamespace }: RowFacts, only?: ContainerStatus): StatusRow {
  const { pod, doing, lastError } = entry;
  const { namespace, name } = pod.metadata;
  const containers = countedOf(entry);
  const state = stateOf(entry);
  const seen = healthy.includes(pod.metadata.labels?.component ?? '') && state === 'Running';
  const ready = seen ? containers.length : containers.filter((container) => container.ready).length;
  const restarts = containers.reduce((total, { restartCount }) => total + restartCount, 0);
  const total = Math.max(containers.length, pod.spec.containers.length);
  const remarks = [doing, lastError, pod.status?.message, only && lastEnd(only, nowMs)];
  return {
    cells: [
      withNamespace ? `${namespace}/${name}` : name,
      `${ready}/${total}`,
      seen ? 'Healthy' : state,
      String(restarts),
      ageOf(pod.status?.startTime === undefined ? undefined : Date.parse(pod.status.startTime), nowMs),
    ],
    tone: toneOf(state, ready === total),
    remark: withoutRepeats(remarks).join('; '),
  };
}

/** Those that are to be ready: main containers and, as kubectl counts, sidecars. */
function countedOf({ pod }: AgentPod): readonly ContainerStatus[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const inits = pod.status?.initContainerStatuses ?? [];
  return [
    ...inits.filter(({ name }) => sidecars.some((sidecar) => sidecar.name === name)),
    ...(pod.status?.containerStatuses ?? []),
  ];
}

function containerRow(container: ContainerStatus, { nowMs }: RowFacts): StatusRow {
  const { name, state, ready, restartCount } = container;
  const told = state.running ? 'Running' : (state.waiting?.reason ?? state.terminated?.reason ?? 'Waiting');
  const since = state.running?.startedAt ?? state.terminated?.finishedAt;
  const age = ageOf(since === undefined ? undefined : Date.parse(since), nowMs);
  return {
    cells: [`  ${name}`, ready ? 'yes' : 'no', told, String(restartCount), age],
    tone: toneOf(told, ready),
    remark: withoutRepeats([state.waiting?.message, lastEnd(container, nowMs)]).join('; '),
  };
}

/** As kubectl's STATUS column: the reason of a container that is not running, else the phase. */
function stateOf({ pod, file, overlap }: AgentPod): string {
  if (file === undefined && overlap === undefined) return 'Terminating';
  const { initContainerStatuses = [], containerStatuses = [], reason, phase = 'Pending' } = pod.status ?? {};
  if (reason !== undefined) return reason;
  if (phase === 'Succeeded') return 'Completed';
  const stuck = initContainerStatuses.find(({ state }) => isTrouble(state.waiting?.reason));
  if (stuck?.state.waiting !== undefined) return `Init:${stuck.state.waiting.reason}`;
  const stopped = containerStatuses.find(({ state }) => state.running === undefined)?.state;
  return stopped?.waiting?.reason ?? stopped?.terminated?.reason ?? phase;
}

function isTrouble(reason: string | undefined): boolean {
  return reason !== undefined && reason !== 'PodInitializing' && reason !== 'ContainerCreating';
}

function toneOf(state: string, ready: boolean): StatusRow['tone'] {
  if (ready || state === 'Completed') return 'good';
  return ['Running', 'Pending', 'ContainerCreating', 'PodInitializing', 'Terminating'].includes(state) ? 'calm' : 'bad';
}

/** `ended 10 s ago: exit code 1 (Error): bad flag`, of a container that did not end well. */
function lastEnd({ state, lastState }: ContainerStatus, nowMs: number): string | undefined {
  const end = state.terminated ?? lastState.terminated;
  if (end === undefined || end.reason === 'Completed') return undefined;
  const when = end.finishedAt === undefined ? '' : ` ${ageOf(Date.parse(end.finishedAt), nowMs)} ago`;
  const words = end.message === undefined ? '' : `: ${end.message.trim().split('\n').at(-1)}`;
  return `ended${when}: exit code ${end.exitCode} (${end.reason})${words}`;
}

function withoutRepeats(texts: readonly (string | undefined)[]): readonly string[] {
  const said = texts.filter((text) => text !== undefined && text !== '');
  return said.filter((text, index) => !said.some((other, at) => at < index && other?.includes(text ?? ''))) as string[];
}

export function ageOf(sinceMs: number | undefined, nowMs: number): string {
  return sinceMs === undefined || Number.isNaN(sinceMs) ? '-' : humanDuration(Math.max(0, nowMs - sinceMs));
}
