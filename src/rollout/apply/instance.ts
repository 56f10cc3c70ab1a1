import { type ComponentState, componentState } from '../../health/component-state.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { type RuntimePlace, typeOfContainerId } from '../../runtime/place.ts';

/** One run of a component, as the agent shows it; undefined members: it does not run, or is not known. */
export type Instance = {
  /** The pod's UID, which the agent makes from the manifest: another text, another UID. */
  readonly uid: string | undefined;
  readonly containerId: string | undefined;
  readonly running: boolean;
  readonly ready: boolean;
  /** How often it has ended so far. */
  readonly restarts: number;
};

export function instanceOf({ pod, container }: ComponentState): Instance {
  const running = container?.state.running !== undefined;
  return {
    uid: pod?.pod.metadata.annotations?.['kubernetes.io/config.hash'] ?? pod?.pod.metadata.uid,
    containerId: container?.containerID,
    running,
    ready: running && container.ready,
    restarts: container?.restartCount ?? 0,
  };
}

export function instanceIn(status: AgentStatus | undefined, component: ComponentName): Instance {
  return instanceOf(componentState(status, component));
}

/** Whether this is another run than the one before: another manifest's, or the same anew. */
export function isAnother(now: Instance, before: Instance | undefined): boolean {
  if (before === undefined || before.containerId === undefined) return true;
  return now.uid !== before.uid || now.containerId !== before.containerId;
}

/** Whether an instance is in this container runtime. */
export function isIn({ containerId }: Pick<Instance, 'containerId'>, { type }: RuntimePlace): boolean {
  return containerId !== undefined && typeOfContainerId(containerId) === type;
}
