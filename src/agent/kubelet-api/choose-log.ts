import type { ContainerStatus, Pod } from '../../kube/types.ts';
import type { AttemptLog } from '../logs/log-files.ts';
import { containerStatuses } from './container-statuses.ts';

/** The log to read, or why there is none. */
export type LogChoice = AttemptLog | { readonly problem: string };

type Asked = { readonly pod: Pod; readonly container: string; readonly previous: boolean };

/**
 * The attempt whose log is meant, and the kubelet's words where there is none (pkg/kubelet/kubelet_pods.go
 * validateContainerLogStatus): the one that runs or ran last, or for `previous` the one before it. Of a container that
 * waits for its next attempt both are the one that ended last.
 */
export function chooseLog(logs: readonly AttemptLog[], { pod, container, previous }: Asked): LogChoice {
  const found = containerStatuses(pod).find(({ name }) => name === container);
  const about = `container "${container}" in pod "${pod.metadata.name}"`;
  if (found === undefined) return { problem: `${about} is not available` };
  const { state, lastState, restartCount } = found;
  const begun = state.running !== undefined || state.terminated !== undefined;
  const newest = logs.filter(({ attempt }) => attempt <= restartCount).at(-1);
  if (!previous && begun)
    return logs.find(({ attempt }) => attempt === restartCount) ?? newest ?? { problem: `${about} is terminated` };
  if (!previous && lastState.terminated === undefined)
    return { problem: `${about} is waiting to start: ${waitingFor(found)}` };
  const before = begun ? logs.filter(({ attempt }) => attempt < restartCount).at(-1) : newest;
  if (lastState.terminated !== undefined && before !== undefined) return before;
  return { problem: previous ? `previous terminated ${about} not found` : `${about} is terminated` };
}

const pullProblems: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

function waitingFor({ state }: ContainerStatus): string {
  const reason = state.waiting?.reason ?? 'no logs yet';
  return pullProblems[reason] ?? reason;
}
