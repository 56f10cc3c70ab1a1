import type { ListeningSocket } from '../../host/host.ts';
import type { Pod } from '../../kube/types.ts';
import { collide, type HostPort, hostPortsOf, isInTheWay, portText } from './host-ports.ts';
import { matchesNode, type NodeIdentity } from './node-affinity.ts';
import { podRequests, type Requests } from './pod-requests.ts';

/** The node as far as pods may be refused for it. */
export type AdmittingNode = NodeIdentity &
  Requests & {
    readonly maxPods: number;
    /** Whether groups that the image gives can be left out. */
    readonly strictGroups: boolean;
  };

/** Another pod that is here; `ending`: it goes, and what it holds becomes free by itself. */
export type Neighbour = {
  readonly key: string;
  readonly ports: readonly HostPort[];
  readonly requests: Requests;
  readonly ending: boolean;
};

export type AdmissionInput = {
  readonly pod: Pod;
  readonly node: AdmittingNode;
  readonly neighbours: readonly Neighbour[];
  /** Who listens on one of the pod's ports, and is not the pod's own predecessor. */
  readonly listeners: readonly ListeningSocket[];
};

/** Why a pod is not admitted; `reason` is one of the kubelet's (pkg/kubelet/lifecycle/predicate.go). */
export type Refusal = { readonly reason: string; readonly message: string };

/** Whether the node takes the pod now, by the first rule that it breaks. Never final: it is asked again. */
export function planAdmission(input: AdmissionInput): Refusal | undefined {
  return rules.map((rule) => rule(input)).find((refusal) => refusal !== undefined);
}

const rules: readonly ((input: AdmissionInput) => Refusal | undefined)[] = [
  operatingSystem,
  runtimeClass,
  groups,
  count,
  cpu,
  memory,
  affinity,
  ports,
  listening,
];

const osLabel = 'kubernetes.io/os';

function operatingSystem({ pod }: AdmissionInput): Refusal | undefined {
  if ((pod.metadata.labels?.[osLabel] ?? 'linux') !== 'linux') {
    const message = `the pod's label ${osLabel} says ${pod.metadata.labels?.[osLabel]}, and the node is linux`;
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message };
  }
  const os = pod.spec.os?.name ?? 'linux';
  if (os === 'linux') return undefined;
  return { reason: 'PodOSNotSupported', message: `spec.os.name is ${os}, and the node is linux` };
}

function runtimeClass({ pod: { spec } }: AdmissionInput): Refusal | undefined {
  if (spec.runtimeClassName === undefined || spec.runtimeClassName === '') return undefined;
  const message = `RuntimeClass "${spec.runtimeClassName}" not found: runtime classes are objects of a cluster, which a static pod is run without; take spec.runtimeClassName out`;
  return { reason: 'RuntimeClassNotFound', message };
}

function groups({ pod: { spec }, node }: AdmissionInput): Refusal | undefined {
  if (spec.securityContext.supplementalGroupsPolicy !== 'Strict' || node.strictGroups) return undefined;
  const message = 'supplementalGroupsPolicy Strict is not supported by this runtime; Merge is';
  return { reason: 'SupplementalGroupsPolicyNotSupported', message };
}

function count({ neighbours, node }: AdmissionInput): Refusal | undefined {
  if (neighbours.length < node.maxPods) return undefined;
  return { reason: 'OutOfpods', message: shortage('pods', 1, neighbours.length, node.maxPods) };
}

function cpu({ pod, neighbours, node }: AdmissionInput): Refusal | undefined {
  const wanted = podRequests(pod).cpuMilli;
  const used = neighbours.reduce((total, { requests }) => total + requests.cpuMilli, 0);
  if (wanted === 0 || wanted + used <= node.cpuMilli) return undefined;
  return { reason: 'OutOfcpu', message: shortage('cpu', wanted, used, node.cpuMilli) };
}

function memory({ pod, neighbours, node }: AdmissionInput): Refusal | undefined {
  const wanted = podRequests(pod).memoryBytes;
  const used = neighbours.reduce((total, { requests }) => total + requests.memoryBytes, 0);
  if (wanted === 0 || wanted + used <= node.memoryBytes) return undefined;
  return { reason: 'OutOfmemory', message: shortage('memory', wanted, used, node.memoryBytes) };
}

/** The kubelet's words: cpu in thousandths, memory in bytes. */
function shortage(resource: string, requested: number, used: number, capacity: number): string {
  return `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
}

function affinity({ pod, node }: AdmissionInput): Refusal | undefined {
  if (matchesNode(pod, node)) return undefined;
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`);
  const message = `Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector (its labels: ${labels.join(', ')})`;
  return { reason: 'NodeAffinity', message };
}

function ports({ pod, neighbours }: AdmissionInput): Refusal | undefined {
  const taken = hostPortsOf(pod).flatMap((port) =>
    neighbours.filter((other) => other.ports.some((held) => collide(port, held))).map((other) => ({ port, other })),
  );
  const found = taken.find(({ other }) => !other.ending) ?? taken[0];
  if (found === undefined) return undefined;
  const { port, other } = found;
  if (other.ending) {
    const message = `waiting for pod ${other.key} to end, which has host port ${portText(port)}`;
    return { reason: 'NodePorts', message };
  }
  const message = `Predicate NodePorts failed: host port ${portText(port)} is taken by pod ${other.key}`;
  return { reason: 'NodePorts', message };
}

function listening({ pod, listeners }: AdmissionInput): Refusal | undefined {
  const hostNetwork = pod.spec.hostNetwork ?? false;
  for (const port of hostPortsOf(pod)) {
    if (port.protocol !== 'TCP') continue;
    const other = listeners.find((socket) => socket.port === port.port && isInTheWay(socket, port, hostNetwork));
    if (other === undefined) continue;
    const who = other.pid === undefined ? 'another program' : `pid ${other.pid} (${other.program ?? 'unknown'})`;
    const message = `Predicate NodePorts failed: host port ${portText(port)} is in use by ${who} on ${other.address}`;
    return { reason: 'NodePorts', message };
  }
  return undefined;
}
