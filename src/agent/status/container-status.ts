import type { Container, ContainerState, ContainerStatus, Pod } from '../../kube/types.ts';
import type { ObservedContainer, RuntimeType } from '../../runtime/runtime.ts';
import { restartBackOff } from '../plan/back-off.ts';
import type { ProbeResults } from '../plan/facts.ts';
import { newest } from '../plan/instance.ts';
import { initRestartsAfter, isSidecar, restartsAfter } from '../plan/restart-policy.ts';

/** Why a container could not be started the last time it was tried: a waiting reason of the kubelet's. */
export type StartFailure = { readonly reason: string; readonly message: string };

export type StatusFacts = {
  readonly nowMs: number;
  readonly runtimeType: RuntimeType;
  readonly hostIPs: readonly string[];
  readonly maxRestartPeriodMs: number;
  probes(containerId: string): ProbeResults | undefined;
  failure(container: string): StartFailure | undefined;
  /** What a container left as its last words. */
  terminationMessage(containerId: string): string | undefined;
};

type Input = {
  readonly pod: Pod;
  readonly uid: string;
  readonly container: Container;
  readonly containers: readonly ObservedContainer[];
  /** Reason of containers that were never started: ContainerCreating, or PodInitializing while init containers run. */
  readonly waitingReason: string;
  readonly facts: StatusFacts;
};

/** The status of one container of a pod (kubelet_pods.go convertToAPIContainerStatuses). */
export function containerStatus(input: Input): ContainerStatus {
  const { container, containers, facts } = input;
  const seen = newest(containers, container.name);
  const dead = containers.filter(({ state }) => state === 'exited');
  const previous = newest(
    dead.filter(({ id }) => id !== seen?.id),
    container.name,
  );
  const state = stateOf(input, seen);
  const backsOff = state.waiting !== undefined && seen?.state === 'exited';
  const last = backsOff ? seen : previous;
  const results = seen === undefined ? undefined : facts.probes(seen.id);
  const started =
    seen?.state === 'running' && (results?.startup ?? (container.startupProbe ? 'unknown' : 'success')) === 'success';
  const ordinaryInit = isInit(input) && !isSidecar(container);
  const ready = ordinaryInit
    ? state.terminated?.exitCode === 0
    : started && (results?.readiness ?? (container.readinessProbe ? 'failure' : 'success')) === 'success';
  return {
    name: container.name,
    state,
    lastState: last === undefined ? {} : terminatedState(input, last),
    ready,
    started,
    restartCount: seen?.attempt ?? 0,
    image: container.image,
    imageID: seen?.imageId ?? '',
    ...(seen === undefined ? {} : { containerID: `${facts.runtimeType}://${seen.id}` }),
  };
}

function stateOf(input: Input, seen: ObservedContainer | undefined): ContainerState {
  const { container, facts, waitingReason } = input;
  if (seen?.state === 'running') return { running: { startedAt: rfc3339(seen.startedAtMs ?? seen.createdAtMs) } };
  const failure = facts.failure(container.name);
  if (seen?.state === 'exited' && !restarts(input, seen)) return terminatedState(input, seen);
  if (failure !== undefined) return { waiting: failure };
  if (seen?.state !== 'exited') return { waiting: { reason: waitingReason } };
  const backOff = backOffState(input, seen);
  return backOff ?? terminatedState(input, seen);
}

function backOffState({ pod, uid, facts }: Input, seen: ObservedContainer): ContainerState | undefined {
  const { atMs, delayMs } = restartBackOff(seen, facts.maxRestartPeriodMs);
  if (atMs <= facts.nowMs) return undefined;
  const { name, namespace } = pod.metadata;
  const message = `back-off ${delayMs / 1000}s restarting failed container=${seen.name} pod=${name}_${namespace}(${uid})`;
  return { waiting: { reason: 'CrashLoopBackOff', message } };
}

function terminatedState({ facts }: Input, dead: ObservedContainer): ContainerState {
  const exitCode = dead.exitCode ?? 137;
  const message = facts.terminationMessage(dead.id) ?? dead.message;
  return {
    terminated: {
      exitCode,
      reason: dead.reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
      ...(message === undefined || message === '' ? {} : { message }),
      ...(dead.startedAtMs === undefined ? {} : { startedAt: rfc3339(dead.startedAtMs) }),
      ...(dead.finishedAtMs === undefined ? {} : { finishedAt: rfc3339(dead.finishedAtMs) }),
      containerID: `${facts.runtimeType}://${dead.id}`,
    },
  };
}

function restarts(input: Input, seen: ObservedContainer): boolean {
  const { pod, container } = input;
  const ordinaryInit = isInit(input) && !isSidecar(container);
  return (ordinaryInit ? initRestartsAfter : restartsAfter)(pod, container, seen.exitCode);
}

function isInit({ pod, container }: Input): boolean {
  return (pod.spec.initContainers ?? []).includes(container);
}

/** RFC 3339 with whole seconds, as the API writes times. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
