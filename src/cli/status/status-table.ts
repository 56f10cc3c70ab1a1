import type { AgentStatus } from '../../kube/agent-socket.ts';
import type { CertificateExpiration } from '../../kubeconfig/expirations.ts';
import type { Revision } from '../../rollout/revisions/revision.ts';
import type { ObservedPod } from '../../runtime/runtime.ts';
import { type Style, styleOf } from '../style.ts';
import { factTable } from './status-facts.ts';
import { layOut, type StatusRow } from './status-layout.ts';
import { ageOf, podRows } from './status-rows.ts';

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
  /** What is wrong beside the pods, in words. */
  readonly problems: readonly string[];
  readonly nowMs: number;
  readonly revision?: Revision | undefined;
  /** A change of the control plane that is under way or was cut off, in words. */
  readonly change?: string | undefined;
  /** Whether `init` made what is here; else an agent runs by itself. */
  readonly hasPlane: boolean;
  /** The command that brings the agent back; undefined: it runs. */
  readonly startAgain: string | undefined;
};

/** How wide the screen is; without a limit every row is one line. */
export type Screen = { readonly columns: number; readonly style: Style };

export const plainScreen: Screen = { columns: Number.POSITIVE_INFINITY, style: styleOf(false) };

/** The status for people: pods, what is refused, then what they rest on. */
export function statusTable(facts: StatusFacts, screen: Screen = plainScreen): string {
  const { status } = facts;
  const parts = [
    status === undefined ? observedTable(facts, screen) : podTable(status, facts, screen),
    rejectedTable(status, screen),
    factTable(facts, screen),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function podTable(status: AgentStatus, facts: StatusFacts, screen: Screen): string {
  if (status.pods.length === 0)
    return `No pods: ${status.manifestDirectory ?? 'no directory'} holds no valid manifest.\n`;
  const spaces = new Set(status.pods.map(({ pod }) => pod.metadata.namespace));
  const rows = status.pods.flatMap((entry) => podRows(entry, { ...facts, withNamespace: spaces.size > 1 }));
  return layOut(['POD', 'READY', 'STATUS', 'RESTARTS', 'AGE'], rows, screen);
}

function rejectedTable(status: AgentStatus | undefined, screen: Screen): string {
  if (status === undefined || status.rejected.length === 0) return '';
  const directory = status.manifestDirectory === undefined ? '' : `${status.manifestDirectory}/`;
  const short = (text: string) => (directory === '' ? text : text.replaceAll(directory, ''));
  const rows = status.rejected.map(({ file, reason, lastGoodRuns }): StatusRow => {
    const fate = lastGoodRuns ? ' (its last good form runs)' : '';
    return { cells: [short(file), 'Refused'], tone: 'bad', remark: `${short(reason)}${fate}` };
  });
  return layOut(['MANIFEST', ''], rows, screen);
}

/** What the containers say themselves: whether they are ready only an agent's probes can tell. */
function observedTable({ observed, nowMs }: StatusFacts, screen: Screen): string {
  const unknown = 'No agent answers: nobody restarts or probes what runs.\n';
  const rows = observed.flatMap(({ pod, containers }): readonly StatusRow[] =>
    [...Map.groupBy(containers, ({ name }) => name).values()].flatMap(([newest]) => {
      if (newest === undefined) return [];
      const age = ageOf(newest.startedAtMs ?? newest.createdAtMs, nowMs);
      const cells = [pod.name, newest.name, newest.state, String(newest.attempt), age];
      return [{ cells, tone: newest.state === 'running' ? 'calm' : 'bad', remark: '' }];
    }),
  );
  if (rows.length === 0) return unknown;
  return `${unknown}\n${layOut(['POD', 'CONTAINER', 'STATE', 'ATTEMPT', 'AGE'], rows, screen)}`;
}
