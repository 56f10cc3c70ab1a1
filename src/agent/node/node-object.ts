import type { Node, NodeCondition, NodeStatus, Taint } from '../../kube/node-types.ts';
import type { Labels } from '../../kube/types.ts';
import type { MachineFacts } from './machine-facts.ts';
import { type NodeHealth, nodeConditions } from './node-conditions.ts';
import { capacityOf } from './node-resources.ts';

/** All that the Node is made from. */
export type NodeFacts = {
  readonly name: string;
  readonly ips: readonly string[];
  /** Those that a node may set itself. */
  readonly labels: Labels;
  readonly taints: readonly Taint[];
  /** Go's name, `amd64`. */
  readonly architecture: string;
  readonly machine: MachineFacts;
  /** `docker://28.1.1`. */
  readonly runtimeVersion: string;
  /** The API server's own: what is here has no version that a skew could be counted from. */
  readonly kubeletVersion: string;
  readonly kubeletPort: number | undefined;
  readonly declaredFeatures: readonly string[];
  readonly images: NonNullable<NodeStatus['images']>;
  readonly health: NodeHealth;
};

/** Pods of the API server would be attached by the controller, as on every node since 1.3. */
const annotations: Labels = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };

/** The status as the kubelet's setters make it, in their order; `before` are the conditions that hold so far. */
export function nodeStatus(facts: NodeFacts, before: readonly NodeCondition[], nowMs: number): NodeStatus {
  const { name, ips, machine, health, kubeletPort } = facts;
  const capacity = capacityOf(health.resources);
  return {
    addresses: [
      ...ips.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: facts.labels['kubernetes.io/hostname'] ?? name },
    ],
    capacity,
    allocatable: capacity,
    conditions: nodeConditions(health, before, nowMs),
    ...(kubeletPort === undefined ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } } }),
    images: facts.images,
    nodeInfo: {
      ...machine,
      containerRuntimeVersion: facts.runtimeVersion,
      kubeletVersion: facts.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: facts.architecture,
    },
    ...(facts.declaredFeatures.length === 0 ? {} : { declaredFeatures: [...new Set(facts.declaredFeatures)].sort() }),
  };
}

/** The Node as it is registered, status and all (pkg/kubelet/kubelet_node_status.go initialNode). */
export function newNode(facts: NodeFacts, nowMs: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: facts.name, labels: facts.labels, annotations },
    ...(facts.taints.length === 0 ? {} : { spec: { taints: facts.taints } }),
    status: nodeStatus(facts, [], nowMs),
  };
}

/** What of labels and annotations an existing Node lacks, as a merge patch; undefined when it has all. */
export function missingMetadata(node: Node, facts: Pick<NodeFacts, 'labels'>): unknown {
  const lacking = (wanted: Labels, there: Labels = {}) => Object.entries(wanted).filter(([key, v]) => there[key] !== v);
  const labels = lacking(facts.labels, node.metadata.labels);
  const notes = lacking(annotations, node.metadata.annotations);
  if (labels.length + notes.length === 0) return undefined;
  return {
    metadata: {
      ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
      ...(notes.length === 0 ? {} : { annotations: Object.fromEntries(notes) }),
    },
  };
}
