import type { Clock } from '../../base/clock.ts';
import type { HostFiles } from '../../host/host.ts';
import type { PeerRequest } from '../../host/peer-request.ts';
import type { PeerResponse } from '../../host/peer-response.ts';
import type { Pod } from '../../kube/types.ts';
import type { AgentPaths } from '../home/paths.ts';
import { type AttemptLog, attemptLogs } from '../logs/log-files.ts';
import { readLogFile } from '../logs/read-log.ts';
import { chooseLog } from './choose-log.ts';
import { containerStatuses } from './container-statuses.ts';
import { findPod, type PodsView } from './find-pod.ts';
import { decodeLogQuery, type LogQuery } from './log-query.ts';
import { logText } from './log-text.ts';

export type LogDoors = PodsView & {
  readonly host: Pick<HostFiles, 'list'>;
  readonly clock: Clock;
  readonly paths: AgentPaths;
};

type Asked = { readonly pod: Pod; readonly container: string; readonly query: LogQuery };

/** How long it may take, twice, until it is seen that a followed container has ended. */
const lookAgainMs = 300;

/** Answers `/containerLogs/NAMESPACE/POD/CONTAINER`; texts as the kubelet's. */
export async function containerLogs(
  doors: LogDoors,
  request: PeerRequest,
  [namespace = '', name = '', container = '']: readonly string[],
): Promise<PeerResponse> {
  const query = decodeLogQuery(request.query, doors.clock.now());
  if ('problem' in query) return { status: query.status, body: query.problem };
  const pod = findPod(doors, { namespace, name });
  if (pod === undefined) return { status: 404, body: `pod "${name}" does not exist` };
  const { containers, initContainers = [] } = pod.spec;
  if (![...containers, ...initContainers].some((spec) => spec.name === container)) {
    return { status: 404, body: `container "${container}" not found in pod "${name}"` };
  }
  const logs = await attemptLogs(doors.host, doors.paths, { pod: identityOf(pod), container });
  const chosen = chooseLog(logs, { pod, container, previous: query.previous });
  if ('problem' in chosen) return { status: 400, body: chosen.problem };
  return {
    status: 200,
    contentType: 'text/plain',
    body: bodyOf(doors, chosen, { pod, container, query }, request.signal),
  };
}

function bodyOf(doors: LogDoors, log: AttemptLog, asked: Asked, signal: AbortSignal): AsyncIterable<string> {
  const { tailLines, sinceMs, follow } = asked.query;
  const lines = readLogFile({
    path: log.path,
    clock: doors.clock,
    signal,
    ...(tailLines === undefined ? {} : { tail: tailLines }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(follow ? { follow: runsOn(doors, asked, log.attempt) } : {}),
  });
  return logText(lines, asked.query);
}

/** Whether more may come of this attempt: until two looks in a row have not seen it run. */
function runsOn(doors: LogDoors, { pod, container }: Asked, attempt: number): () => Promise<boolean> {
  let lookedTicks = Number.NEGATIVE_INFINITY;
  let missed = 0;
  return async () => {
    if (missed > 1 || doors.clock.ticks() - lookedTicks < lookAgainMs) return missed <= 1;
    lookedTicks = doors.clock.ticks();
    const now = findPod(doors, identityOf(pod));
    const found = now && containerStatuses(now).find(({ name }) => name === container);
    const runs = found?.state.running !== undefined && found.restartCount === attempt;
    missed = runs ? 0 : missed + 1;
    return missed <= 1;
  };
}

function identityOf({ metadata }: Pod): { readonly name: string; readonly namespace: string; readonly uid: string } {
  return { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid ?? '' };
}
