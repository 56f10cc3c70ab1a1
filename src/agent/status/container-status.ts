import { formatDuration } from '../../base/duration.ts';
import type { Container, ContainerState, ContainerStatus, Pod } from '../../kube/types.ts';
import type { ObservedContainer, RuntimeType } from '../../runtime/runtime.ts';
import { restartBackOff } from '../plan/back-off.ts';
import type { ProbeResults } from '../plan/facts.ts';
import { newest } from '../plan/instance.ts';
import { initRestartsAfter, isSidecar, restartsAfter } from '../plan/restart-policy.ts';
import { containerId, runtimeTypeOf } from './container-id.ts';
import { forgottenInit, lostState, rfc3339, terminatedState } from './terminated-state.ts';

/** Why a container could not be started the last time it was tried: a waiting reason of the kubelet's. */
export type StartFailure = { readonly reason: string; readonly message: string };

export type StatusFacts = {
  readonly nowMs: number;
  readonly runtimeType: RuntimeType;
  readonly hostIPs: readonly string[];
  readonly maxRestartPeriodMs: number;
  probes(containerId: string): ProbeResults | undefined;
  /** What was known of a container before the prober knows anything: from the agent before this one. */
  remembered?(containerId: string): { readonly started?: boolean; readonly ready?: boolean } | undefined;
  failure(container: string): StartFailure | undefined;
  /** What a container left as its last words. */
  terminationMessage(containerId: string): string | undefined;
  /** The highest attempt that left a log, for a container that the runtime knows no more. */
  loggedAttempt?(container: string): number | undefined;
  /** Since when a condition has this status, where it is known. */
  transitionMs?(type: string, status: string): number | undefined;
};

export type ContainerStatusInput = {
  readonly pod: Pod;
  readonly uid: string;
  readonly container: Container;
  readonly containers: readonly ObservedContainer[];
  readonly facts: StatusFacts;
};

/** The status of one container of a pod (kubelet_pods.go convertToAPIContainerStatuses). */
export function containerStatus(input: ContainerStatusInput): ContainerStatus {
  const { container, facts } = input;
  const seen = newest(input.containers, container.name);
  const state = stateOf(input, seen);
  const { resources } = container;
  return {
    name: container.name,
    state,
    lastState: lastStateOf(input, state, seen),
    ...readinessOf(input, state, seen),
    restartCount: seen?.attempt ?? lostAttempts(input),
    image: imageOf(container, seen),
    imageID: imageIdOf(facts.runtimeType, seen),
    ...(seen === undefined ? {} : { containerID: containerId(seen, facts.runtimeType) }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(resources.requests === undefined ? {} : { allocatedResources: resources.requests }),
  };
}

function stateOf(input: ContainerStatusInput, seen: ObservedContainer | undefined): ContainerState {
  const { container, facts } = input;
  if (seen?.state === 'running') return { running: { startedAt: rfc3339(seen.startedAtMs ?? seen.createdAtMs) } };
  if (seen === undefined && isOrdinaryInit(input) && anyMainMade(input)) return forgottenInit;
  if (seen?.state === 'exited' && !restarts(input, seen)) return terminatedState(facts, seen);
  const failure = facts.failure(container.name);
  if (failure !== undefined) return { waiting: failure };
  if (seen?.state !== 'exited') return { waiting: { reason: waitingReason(input.pod) } };
  return backOffState(input, seen) ?? terminatedState(facts, seen);
}

function waitingReason({ spec }: Pod): string {
  return (spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
}

/** How the attempt before ended; of a waiting container that is the newest attempt itself. */
function lastStateOf(
  input: ContainerStatusInput,
  state: ContainerState,
  seen: ObservedContainer | undefined,
): ContainerState {
  const { containers, container, facts } = input;
  const ended = containers.filter((candidate) => candidate.state === 'exited');
  if (state.waiting !== undefined && seen?.state === 'exited') return terminatedState(facts, seen);
  const previous = newest(
    ended.filter(({ id }) => id !== seen?.id),
    container.name,
  );
  if (previous !== undefined) return terminatedState(facts, previous);
  const lost = seen === undefined ? facts.loggedAttempt?.(container.name) !== undefined : seen.attempt > 0;
  return lost && state !== forgottenInit ? lostState(seen) : {};
}

/** One that ran and is gone altogether will be an attempt more than the highest that left a log. */
function lostAttempts(input: ContainerStatusInput): number {
  const logged = input.facts.loggedAttempt?.(input.container.name);
  return logged === undefined || (isOrdinaryInit(input) && anyMainMade(input)) ? 0 : logged + 1;
}

function readinessOf(
  input: ContainerStatusInput,
  state: ContainerState,
  seen: ObservedContainer | undefined,
): { readonly ready: boolean; readonly started: boolean } {
  const { container, facts } = input;
  if (isOrdinaryInit(input)) return { ready: state.terminated?.exitCode === 0, started: state.running !== undefined };
  if (seen === undefined || state.running === undefined) return { ready: false, started: false };
  const results = facts.probes(seen.id);
  if (results === undefined) {
    const before = facts.remembered?.(seen.id);
    const started = before?.started ?? container.startupProbe === undefined;
    return { ready: started && (before?.ready ?? container.readinessProbe === undefined), started };
  }
  const started = results.startup === 'success';
  return { ready: started && results.readiness === 'success', started };
}

function backOffState({ pod, uid, facts }: ContainerStatusInput, seen: ObservedContainer): ContainerState | undefined {
  const { atMs, delayMs } = restartBackOff(seen, facts.maxRestartPeriodMs);
  if (atMs <= facts.nowMs) return undefined;
  const { name, namespace } = pod.metadata;
  const message = `back-off ${formatDuration(delayMs)} restarting failed container=${seen.name} pod=${name}_${namespace}(${uid})`;
  return { waiting: { reason: 'CrashLoopBackOff', message } };
}

function restarts(input: ContainerStatusInput, seen: ObservedContainer): boolean {
  const restartsBy = isOrdinaryInit(input) ? initRestartsAfter : restartsAfter;
  return restartsBy(input.pod, input.container, seen.exitCode);
}

function isOrdinaryInit({ pod, container }: ContainerStatusInput): boolean {
  return (pod.spec.initContainers ?? []).includes(container) && !isSidecar(container);
}

function anyMainMade({ pod, containers }: ContainerStatusInput): boolean {
  return pod.spec.containers.some(({ name }) => newest(containers, name) !== undefined);
}

/** The tag; a runtime that knows only the content says nothing that the spec does not say better. */
function imageOf(container: Container, seen: ObservedContainer | undefined): string {
  const image = seen?.image ?? '';
  return image === '' || image.startsWith('sha256:') ? container.image : image;
}

/** Docker's as cri-dockerd writes it: with where it came from, else with the scheme of the engine. */
function imageIdOf(type: RuntimeType, seen: ObservedContainer | undefined): string {
  const id = seen?.imageId ?? '';
  if (seen === undefined || runtimeTypeOf(seen, type) !== 'docker' || id === '') return id;
  return id.includes('@') ? `docker-pullable://${id}` : `docker://${id}`;
}
