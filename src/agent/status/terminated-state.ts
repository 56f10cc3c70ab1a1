import type { ContainerState } from '../../kube/types.ts';
import type { ObservedContainer, RuntimeType } from '../../runtime/runtime.ts';
import { agentAnnotations } from '../labels.ts';
import { containerId } from './container-id.ts';

type TerminationFacts = {
  readonly runtimeType: RuntimeType;
  terminationMessage(containerId: string): string | undefined;
};

/** An init container whose record is gone while the pod has gone on (kubelet_pods.go, kubernetes PR 131317). */
export const forgottenInit: ContainerState = {
  terminated: {
    exitCode: 0,
    reason: 'Completed',
    message:
      'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally',
  },
};

/** How a container ended, with its last words. */
export function terminatedState(facts: TerminationFacts, dead: ObservedContainer): ContainerState {
  const exitCode = dead.exitCode ?? 137;
  const message = facts.terminationMessage(dead.id) || dead.message;
  return {
    terminated: {
      exitCode,
      reason: dead.reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
      ...(message === undefined || message === '' ? {} : { message }),
      ...(dead.startedAtMs === undefined ? {} : { startedAt: rfc3339(dead.startedAtMs) }),
      ...(dead.finishedAtMs === undefined ? {} : { finishedAt: rfc3339(dead.finishedAtMs) }),
      containerID: containerId(dead, facts.runtimeType),
    },
  };
}

/** The end of an attempt that somebody removed before it could be asked; or we did, to restart the whole pod. */
export function lostState(successor: ObservedContainer | undefined): ContainerState {
  if (successor?.annotations[agentAnnotations.round] !== undefined) {
    const message = 'The container is removed because RestartAllContainers in place';
    return { terminated: { exitCode: 137, reason: 'RestartingAllContainers', message } };
  }
  // The two spaces are the kubelet's.
  const message = 'The container could not be located when the pod was deleted.  The container used to be Running';
  return { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } };
}

/** RFC 3339 with whole seconds, as the API writes times. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
