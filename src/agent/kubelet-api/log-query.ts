/** What of a container's log is asked for: the query of `/containerLogs`, as v1 PodLogOptions. */
export type LogQuery = {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
};

/** Why a query is not answered, with the HTTP status that says so. */
export type LogQueryProblem = { readonly status: 400 | 422; readonly problem: string };

/** Statuses and texts as the kubelet's (pkg/kubelet/server/server.go getContainerLogs, core validation of PodLogOptions). */
export function decodeLogQuery(query: URLSearchParams, nowMs: number): LogQuery | LogQueryProblem {
  const tail = query.get('tail') ?? query.get('tailLines');
  const tailLines = tail === 'all' ? undefined : numberOf(tail);
  const [sinceSeconds, limitBytes] = [numberOf(query.get('sinceSeconds')), numberOf(query.get('limitBytes'))];
  const sinceTime = timeOf(query.get('sinceTime'));
  if ([tailLines, sinceSeconds, limitBytes, sinceTime].some((value) => Number.isNaN(value))) {
    return { status: 400, problem: '{"message": "Unable to decode query."}' };
  }
  const tooSmall = (value: number | undefined, least: number) => value !== undefined && value < least;
  const both = sinceSeconds !== undefined && sinceTime !== undefined;
  if (both || tooSmall(tailLines, 0) || tooSmall(limitBytes, 1) || tooSmall(sinceSeconds, 1)) {
    return { status: 422, problem: '{"message": "Invalid request."}' };
  }
  const stream = query.get('stream') ?? 'All';
  if (stream !== 'All') return { status: 400, problem: `unable to return the given log stream: "${stream}"` };
  const sinceMs = sinceSeconds === undefined ? sinceTime : nowMs - sinceSeconds * 1000;
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** A name without a value says yes (k8s.io/apimachinery conversion, Convert_Slice_string_To_bool). */
function isTrue(text: string | null): boolean {
  return text !== null && !['false', '0'].includes(text.toLowerCase());
}

function numberOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  return /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
}

function timeOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}
