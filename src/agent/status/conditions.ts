import type { ContainerStatus, Pod, PodCondition, PodPhase } from '../../kube/types.ts';
import { isSidecar } from '../plan/restart-policy.ts';

export type ConditionsInput = {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly initialized: boolean;
  readonly statuses: readonly ContainerStatus[];
  readonly initStatuses: readonly ContainerStatus[];
  readonly hasSandbox: boolean;
};

type Answer = Pick<PodCondition, 'status' | 'reason' | 'message'>;

/** The kubelet's five conditions in its order (pkg/kubelet/status/generate.go). */
export function podConditions(input: ConditionsInput): readonly PodCondition[] {
  const ready = readiness(input);
  return [
    { type: 'PodReadyToStartContainers', status: input.hasSandbox ? 'True' : 'False' },
    { type: 'Initialized', ...initialization(input) },
    { type: 'Ready', ...ready },
    { type: 'ContainersReady', ...ready },
    { type: 'PodScheduled', status: 'True' },
  ];
}

function readiness({ phase, pod, statuses, initStatuses }: ConditionsInput): Answer {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = initStatuses.filter((_status, index) => {
    const container = pod.spec.initContainers?.[index];
    return container !== undefined && isSidecar(container);
  });
  const unready = [...sidecars, ...statuses].filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

function initialization({ initialized, phase, initStatuses }: ConditionsInput): Answer {
  if (initialized && phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (initialized) return { status: 'True' };
  const incomplete = initStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const message = `containers with incomplete status: [${incomplete.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}
