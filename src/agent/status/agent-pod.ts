import type { AgentPod } from '../../kube/agent-socket.ts';
import type { Pod } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { ObservedPod, RuntimeType } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { PodOver, ProbeResults } from '../plan/facts.ts';
import type { PodRecord } from '../pod-record.ts';
import type { StartFailure } from './container-status.ts';
import { podStatus } from './pod-status.ts';

export type AgentPodInput = {
  readonly desired: DesiredPod | undefined;
  readonly record: PodRecord;
  readonly nowMs: number;
  readonly runtimeType: RuntimeType;
  readonly hostIPs: readonly string[];
  readonly maxRestartPeriodMs: number;
  probes(containerId: string): ProbeResults | undefined;
  /** What the agent before this one knew of a container. */
  remembered?(containerId: string): { readonly started?: boolean; readonly ready?: boolean } | undefined;
  /** Since when a condition of the pod has this status; kept over restarts of the agent. */
  transitionMs?(type: string, status: string): number | undefined;
  /** When the pod was first known; kept over restarts of the agent. */
  readonly startMs?: number | undefined;
  /** How the pod ended for good, where its containers tell no more. */
  readonly over?: PodOver | undefined;
};

/** One pod as agent.sock shows it; undefined when nothing of it is desired or there. */
export function agentPodOf(input: AgentPodInput): AgentPod | undefined {
  const { desired, record } = input;
  // While an older form of the pod still runs, the one that is desired has nothing yet.
  const observed =
    desired === undefined ? record.observed[0] : record.observed.find(({ pod }) => pod.uid === desired.uid);
  const pod = desired?.pod ?? record.lastDesired?.pod ?? (observed && orphan(observed));
  if (pod === undefined || (desired === undefined && observed === undefined)) return undefined;
  const uid = desired?.uid ?? observed?.pod.uid ?? '';
  const status = podStatus({
    pod,
    uid,
    sandboxes: observed?.sandboxes ?? [],
    containers: observed?.containers ?? [],
    startMs: input.startMs ?? startOf(pod, observed) ?? input.nowMs,
    refused: record.refused,
    over: input.over,
    facts: {
      ...input,
      failure: (container) => failureOf(record, container),
      terminationMessage: (id) => record.terminationMessages.get(id),
      loggedAttempt: (container) => record.loggedAttempts?.get(container),
    },
  });
  return {
    pod: { ...pod, status },
    ...(desired === undefined ? {} : { file: desired.file }),
    ...(record.doing === undefined ? {} : { doing: record.doing }),
    ...(record.lastError === undefined ? {} : { lastError: record.lastError }),
  };
}

function failureOf(record: PodRecord, container: string): StartFailure | undefined {
  const image = record.images.get(container);
  if (image?.state === 'back-off') return { reason: image.code ?? 'ImagePullBackOff', message: image.reason };
  const failure = record.failures.get(container);
  const { networkProblem: message } = record;
  return message === undefined ? failure : { reason: 'NetworkNotReady', message };
}

function startOf(pod: Pod, observed: ObservedPod | undefined): number | undefined {
  const seen = Date.parse(pod.metadata.annotations?.[annotations.configSeen] ?? '');
  return Number.isNaN(seen) ? observed?.sandboxes.at(-1)?.createdAtMs : seen;
}

/** As much of a pod as its containers tell, for one whose manifest went away while no agent ran. */
function orphan({ pod, sandboxes, containers }: ObservedPod): Pod {
  const names = [...new Set(containers.map(({ name }) => name))];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...pod, labels: sandboxes[0]?.labels ?? {}, annotations: sandboxes[0]?.annotations ?? {} },
    spec: {
      containers: names.map((name) => ({
        name,
        image: containers.find((container) => container.name === name)?.image ?? '',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      })),
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'Default',
      securityContext: {},
      enableServiceLinks: true,
      schedulerName: 'default-scheduler',
      hostNetwork: sandboxes[0]?.hostNetwork ?? false,
    },
  };
}
