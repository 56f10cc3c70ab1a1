import { type NodeFacts, nodeStatus } from '../../src/agent/node/node-object.ts';
import type { Node } from '../../src/kube/node-types.ts';

/** This machine as its Node tells it; a test states the difference. */
export function nodeFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  const GiB = 2 ** 30;
  return {
    name: 'node1',
    ips: ['192.0.2.7'],
    labels: { 'kubernetes.io/hostname': 'node1', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    taints: [],
    architecture: 'amd64',
    machine: {
      machineID: 'machine-1',
      systemUUID: 'UUID-1',
      bootID: 'boot-1',
      kernelVersion: '6.18.0',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
    },
    runtimeVersion: 'process://v1',
    kubeletVersion: 'v1.37.2',
    kubeletPort: 10_250,
    declaredFeatures: ['ExtendWebSocketsToKubelet'],
    images: [{ names: ['registry.k8s.io/pause:3.10.2'], sizeBytes: 1_000_000 }],
    health: {
      problem: undefined,
      resources: {
        cpuCount: 2,
        memoryBytes: 8 * GiB,
        memoryAvailableBytes: 4 * GiB,
        diskBytes: 100 * GiB,
        diskFreeBytes: 50 * GiB,
        hugePages: { 2048: 0 },
      },
    },
    ...change,
  };
}

export const nodePath = '/api/v1/nodes/node1';

/** A Node of that name whose status another machine has written. */
export function foreignNode(): Node {
  const machine = { ...nodeFacts().machine, machineID: 'machine-2', systemUUID: 'UUID-2' };
  const { nodeInfo, ...status } = nodeStatus(nodeFacts({ machine, ips: ['192.0.2.99'] }), [], 0);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node1' },
    status: { ...status, ...(nodeInfo && { nodeInfo }) },
  };
}
