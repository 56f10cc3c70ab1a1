import type { FoundPod } from '../../src/agent/mirror/found-pod.ts';
import type { MirrorFacts } from '../../src/agent/mirror/plan-mirror.ts';
import type { AgentPod } from '../../src/kube/agent-socket.ts';
import type { Node } from '../../src/kube/node-types.ts';
import type { PodSpec, PodStatus } from '../../src/kube/types.ts';
import { annotations } from '../../src/runtime/labels.ts';
import { aPod } from './agent-builders.ts';

export function aNode(uid = 'node-uid-1'): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node1', uid, resourceVersion: uid },
    spec: {},
    status: {},
  };
}

export function aStatus(change: Partial<PodStatus> = {}): PodStatus {
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', lastProbeTime: null }],
    hostIP: '192.0.2.10',
    hostIPs: [{ ip: '192.0.2.10' }],
    podIP: '192.0.2.10',
    podIPs: [{ ip: '192.0.2.10' }],
    startTime: '2026-01-01T00:00:00Z',
    qosClass: 'BestEffort',
    containerStatuses: [],
    ...change,
  };
}

export type StaticPodChange = {
  readonly name?: string;
  readonly namespace?: string;
  readonly hash?: string;
  readonly status?: Partial<PodStatus>;
  readonly spec?: Partial<PodSpec>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Its manifest is gone; what is left of it is being stopped. */
  readonly isGoing?: boolean;
};

/** Static pod default/web-node1 of hash1, running, as the agent shows it. */
export function aStaticPod(change: StaticPodChange = {}): AgentPod {
  const { name = 'web-node1', namespace = 'default', hash = 'hash1', labels = { app: 'web' } } = change;
  const own = {
    [annotations.configHash]: hash,
    [annotations.configSource]: 'file',
    [annotations.configSeen]: '2026-01-01T00:00:00Z',
    note: 'kept',
  };
  const pod = aPod(change.spec, { name, namespace, uid: hash, labels, annotations: own });
  return {
    pod: { ...pod, status: aStatus(change.status) },
    ...(change.isGoing === true ? {} : { file: `/manifests/${name}.yaml` }),
  };
}

/** Its mirror pod as it was created, of the node `node-uid-1`. */
export function aFoundMirror(change: Partial<FoundPod> = {}): FoundPod {
  return {
    key: 'default/web-node1',
    uid: 'mirror-1',
    resourceVersion: '1',
    mirrorOf: 'hash1',
    ownerUid: 'node-uid-1',
    generation: 1,
    isDeleting: false,
    labels: { app: 'web' },
    annotations: { [annotations.configHash]: 'hash1', note: 'kept' },
    statusHash: 'stored-1',
    ...change,
  };
}

export function mirrorFacts(change: Partial<MirrorFacts> = {}): MirrorFacts {
  return {
    seen: { pod: aStaticPod() },
    found: aFoundMirror(),
    written: undefined,
    owner: { name: 'node1', uid: 'node-uid-1' },
    isSettled: true,
    ...change,
  };
}
