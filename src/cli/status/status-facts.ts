import { humanDuration } from '../../base/duration.ts';
import type { AgentNode, AgentStart, AgentStatus } from '../../kube/agent-socket.ts';
import type { CertificateExpiration } from '../../kubeconfig/expirations.ts';
import type { Revision } from '../../rollout/revisions/revision.ts';
import { wrapped } from './status-layout.ts';
import { ageOf } from './status-rows.ts';
import type { Screen, StatusFacts } from './status-table.ts';

/** What the pods rest on: agent, runtime, manifests, certificates; and what is wrong with those. */
export function factTable(facts: StatusFacts, { columns, style }: Screen): string {
  const problems = facts.problems.map((problem) => ['problem', problem] as const);
  const rows = [...factRows(facts), ...problems];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows
    .map(([name, value]) => {
      const head = name === 'problem' ? style.yellow(name) : name;
      const fits = width + value.length <= columns;
      return fits ? `${head}${' '.repeat(width - name.length)}${value}\n` : `${head}\n${wrapped(value, columns)}`;
    })
    .join('');
}

function factRows(facts: StatusFacts): readonly (readonly [string, string])[] {
  const { status, runtime, expirations, manifests, revision, change } = facts;
  const { type, name, version, error } = runtime;
  const named = [type, name === type ? undefined : name, version].filter((text) => text !== undefined && text !== '');
  const directory = status?.manifestDirectory ?? manifests.join(', ');
  return [
    ['agent', agentText(facts)],
    ...(status?.start === undefined ? [] : [['start', startText(status, status.start)] as const]),
    ['runtime', `${named.join(' ')}${error === undefined ? '' : ` does not answer: ${error}`}`],
    ...(status?.runtime.network === undefined ? [] : [['network', networkText(status.runtime.network)] as const]),
    ...(status?.node === undefined ? [] : [['node', nodeText(status.nodeName, status.node)] as const]),
    ...(directory === '' ? [] : [['manifests', directory] as const]),
    ...(expirations.some(({ missing }) => !missing)
      ? [['certificates', expiryText(nextExpiry(expirations))] as const]
      : []),
    ...(revision === undefined ? [] : [['revision', revisionText(revision, facts.nowMs)] as const]),
    ...(change === undefined ? [] : [['change', change] as const]),
  ];
}

function networkText({ ready, problem = '' }: NonNullable<AgentStatus['runtime']['network']>): string {
  return ready ? 'ready' : `${problem.replace(/^network is not ready: /, 'not ready: ')}; on the host network pods run`;
}

function nodeText(name: string, { registered, ready, server }: AgentNode): string {
  if (!registered) return `${name}, not registered${server === undefined ? '' : ` at ${server}`}`;
  const state = ready === false ? 'registered, not ready' : 'registered';
  return `${name}, ${state} at ${server ?? '?'}; runs static pods only (capacity pods: 0)`;
}

function revisionText({ number, result, startedAt }: Revision, nowMs: number): string {
  return `${number}, ${result}, ${ageOf(Date.parse(startedAt), nowMs)} old`;
}

function agentText({ status, pid, startAgain, nowMs }: StatusFacts): string {
  if (startAgain !== undefined) return `not running (${startAgain} starts it)`;
  return `pid ${pid}${status === undefined ? ', does not answer' : `, up ${ageOf(Date.parse(status.startedAt), nowMs)}`}`;
}

/** A machine that had run for longer than this was not booted for the sake of its pods. */
const longestBootMs = 15 * 60_000;
const mostNamed = 8;

/** How long it took: the agent since the boot, all else since the agent. Nothing to say of pods that have gone since. */
function startText({ nodeName, pods }: AgentStatus, start: AgentStart): string {
  const there = new Set(pods.map(({ pod: { metadata } }) => `${metadata.namespace}/${metadata.name}`));
  const took = start.pods.filter(({ pod }) => there.has(pod)).sort((a, b) => a.readyMs - b.readyMs);
  const after = (ms: number) => humanDuration(Math.max(0, ms - start.agentMs));
  const named = took.slice(0, mostNamed).map(({ pod, readyMs }) => {
    const name = pod.slice(pod.indexOf('/') + 1);
    return `${name.endsWith(`-${nodeName}`) ? name.slice(0, -nodeName.length - 1) : name} ${after(readyMs)}`;
  });
  const last = took.at(-1);
  const parts = [
    ...(start.runtimeMs === undefined ? [] : [`runtime ${after(start.runtimeMs)}`]),
    ...named,
    ...(took.length > mostNamed && last ? [`${took.length - mostNamed} more by ${after(last.readyMs)}`] : []),
  ];
  const boot = start.agentMs > longestBootMs ? '' : `agent ${humanDuration(start.agentMs)} after boot; `;
  return `${boot}ready after ${parts.join(', ') || '-'}`;
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
