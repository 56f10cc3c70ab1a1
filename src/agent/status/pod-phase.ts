import type { Container, ContainerStatus, Pod, PodPhase } from '../../kube/types.ts';
import { isSidecar, restartsAfter } from '../plan/restart-policy.ts';

export type PhaseInput = {
  readonly pod: Pod;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  /** Whether a main container of the present sandbox has run: then a sidecar that is started again holds nothing up. */
  readonly hasInitialized: boolean;
};

type Counted = { readonly container: Container; readonly status: ContainerStatus };

/** The phase by the rules of kubelet_pods.go getPhase: a container that waits for its restart counts as stopped. */
export function podPhase({ pod, initStatuses, statuses, hasInitialized }: PhaseInput): PodPhase {
  const inits = counted(pod.spec.initContainers ?? [], initStatuses);
  const ordinary = inits.filter(({ container }) => !isSidecar(container));
  const sidecars = inits.filter(({ container }) => isSidecar(container));
  const mains = counted(pod.spec.containers, statuses);
  if (ordinary.some((init) => hasFailed(pod, init))) return 'Failed';
  if (ordinary.some(isPending)) return 'Pending';
  if (!hasInitialized && sidecars.some(isSidecarPending)) return 'Pending';
  if ([...sidecars, ...mains].some(neverStarted)) return 'Pending';
  if ([...sidecars, ...mains].some(({ status }) => status.state.running !== undefined)) return 'Running';
  if (!mains.every(isOver(pod))) return 'Running';
  return mains.every((main) => endOf(main)?.exitCode === 0) ? 'Succeeded' : 'Failed';
}

function counted(containers: readonly Container[], statuses: readonly ContainerStatus[]): readonly Counted[] {
  return containers.flatMap((container) => {
    const status = statuses.find(({ name }) => name === container.name);
    return status === undefined ? [] : [{ container, status }];
  });
}

function endOf({ status }: Counted) {
  return status.state.terminated ?? status.lastState.terminated;
}

function hasFailed(pod: Pod, init: Counted): boolean {
  if (init.status.state.running !== undefined) return false;
  const end = endOf(init);
  return end !== undefined && end.exitCode !== 0 && !restartsAfter(pod, init.container, end.exitCode);
}

function isPending(init: Counted): boolean {
  return init.status.state.running !== undefined || neverStarted(init);
}

function isSidecarPending(sidecar: Counted): boolean {
  return sidecar.status.state.running === undefined ? neverStarted(sidecar) : !sidecar.status.started;
}

function neverStarted({ status }: Counted): boolean {
  return status.state.waiting !== undefined && status.lastState.terminated === undefined;
}

function isOver(pod: Pod): (main: Counted) => boolean {
  return (main) => {
    const end = endOf(main);
    return (
      main.status.state.running === undefined && end !== undefined && !restartsAfter(pod, main.container, end.exitCode)
    );
  };
}
