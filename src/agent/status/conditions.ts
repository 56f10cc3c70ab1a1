import type { ContainerStatus, Pod, PodCondition, PodPhase } from '../../kube/types.ts';
import type { ObservedSandbox } from '../../runtime/runtime.ts';
import { isSidecar } from '../plan/restart-policy.ts';
import { rfc3339 } from './terminated-state.ts';

export type ConditionsInput = {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly statuses: readonly ContainerStatus[];
  readonly initStatuses: readonly ContainerStatus[];
  /** Newest attempt first. */
  readonly sandboxes: readonly ObservedSandbox[];
  readonly startMs: number;
  transitionMs?(type: string, status: string): number | undefined;
};

type Answer = Pick<PodCondition, 'status' | 'reason' | 'message'>;

/** The kubelet's five conditions in its order (pkg/kubelet/status/generate.go). */
export function podConditions(input: ConditionsInput): readonly PodCondition[] {
  const answers: readonly (readonly [string, Answer])[] = [
    ['PodReadyToStartContainers', readyToStart(input)],
    ['Initialized', initialization(input)],
    ['Ready', readiness(input)],
    ['ContainersReady', containersReadiness(input)],
    ['PodScheduled', { status: 'True' }],
  ];
  return answers.map(([type, answer]) => ({
    type,
    ...answer,
    lastProbeTime: null,
    lastTransitionTime: rfc3339(input.transitionMs?.(type, answer.status) ?? input.startMs),
  }));
}

/** Messages of pkg/kubelet/types/constants.go, decided as kuberuntime/util PodSandboxChanged does. */
function readyToStart({ pod, sandboxes: [newest, ...older] }: ConditionsInput): Answer {
  const no = (message: string): Answer => ({ status: 'False', reason: 'PodSandboxNotReady', message });
  if (newest === undefined) return no('no pod sandbox exists');
  if (newest.ready && older.some(({ ready }) => ready)) {
    return no('multiple pod sandboxes are ready and need to be reconciled');
  }
  if (!newest.ready) return no('pod sandbox is not ready');
  const own = pod.spec.hostNetwork === true || newest.ips.length > 0;
  return own ? { status: 'True' } : no('pod sandbox has no IP address');
}

function readiness(input: ConditionsInput): Answer {
  const containers = containersReadiness(input);
  const gates = input.pod.spec.readinessGates ?? [];
  if (containers.status !== 'True' || gates.length === 0) return containers;
  // Nobody but a controller in a cluster sets them.
  const missing = gates.map(
    (gate) => `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`,
  );
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}

function containersReadiness({ phase, pod, statuses, initStatuses }: ConditionsInput): Answer {
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

function initialization({ pod, phase, initStatuses, statuses }: ConditionsInput): Answer {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  // Once a main container has run the pod was initialized, though a sidecar may be starting again.
  if (statuses.some(({ state }) => state.running !== undefined || state.terminated !== undefined)) {
    return { status: 'True' };
  }
  const incomplete = initStatuses.filter((status, index) => {
    const container = pod.spec.initContainers?.[index];
    return !(container !== undefined && isSidecar(container) ? status.started : status.ready);
  });
  if (incomplete.length === 0) return { status: 'True' };
  const message = `containers with incomplete status: [${incomplete.map(({ name }) => name).join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}
