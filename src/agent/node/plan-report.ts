import { canonicalJson } from '../../base/hash.ts';
import type { Node, NodeStatus } from '../../kube/node-types.ts';

/** What the status of a Node is told for; times by a clock that nobody sets. */
export type ReportPlan = { readonly do: 'report' | 'keep'; readonly because: string };

/**
 * Whether the status is to be sent: when it is another than the last one sent, when the API server shows conditions that
 * are not ours (its own, after we were silent), and now and then so that it can be seen to be fresh.
 */
export function planReport(input: {
  readonly status: NodeStatus;
  readonly stored: Node;
  readonly sent: { readonly status: NodeStatus; readonly atTicks: number } | undefined;
  readonly nowTicks: number;
  readonly everyMs: number;
}): ReportPlan {
  const { status, stored, sent, nowTicks, everyMs } = input;
  if (sent === undefined) return { do: 'report', because: 'first report' };
  if (lasting(status) !== lasting(sent.status)) return { do: 'report', because: 'it changed' };
  const [mine, theirs] = [holding(status), holding(stored.status)];
  if (Object.entries(mine).some(([type, value]) => theirs[type] !== value)) {
    return { do: 'report', because: 'the API server shows another' };
  }
  if (nowTicks - sent.atTicks >= everyMs) return { do: 'report', because: 'the last report is old' };
  return { do: 'keep', because: 'nothing changed' };
}

/**
 * The strategic merge patch of `status`: conditions are merged by type, so that others' stay; addresses are replaced
 * as a whole, for two of one type would become one (k8s.io/component-helpers/node/util/status.go).
 */
export function statusPatch(status: NodeStatus): unknown {
  return { status: { ...status, addresses: [...(status.addresses ?? []), { $patch: 'replace' }] } };
}

function lasting(status: NodeStatus): string {
  const conditions = status.conditions?.map(({ lastHeartbeatTime: _, ...rest }) => rest);
  return canonicalJson({ ...status, conditions });
}

function holding(status: NodeStatus | undefined): Record<string, string> {
  return Object.fromEntries((status?.conditions ?? []).map((condition) => [condition.type, condition.status]));
}
