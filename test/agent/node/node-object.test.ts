import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedLabels } from '../../../src/agent/node/allowed-labels.ts';
import { nodeImages } from '../../../src/agent/node/node-images.ts';
import { missingMetadata, newNode, nodeStatus } from '../../../src/agent/node/node-object.ts';
import { capacityOf } from '../../../src/agent/node/node-resources.ts';
import type { Node } from '../../../src/kube/node-types.ts';
import { nodeFacts } from '../../fakes/node-builders.ts';

const nowMs = Date.UTC(2026, 0, 1);

test('a new Node is what the kubelet registers', () => {
  const { metadata, spec, status } = newNode(nodeFacts({ taints: [{ key: 'a', effect: 'NoSchedule' }] }), nowMs);
  assert.deepEqual(metadata, {
    name: 'node1',
    labels: { 'kubernetes.io/hostname': 'node1', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
  });
  assert.deepEqual(spec, { taints: [{ key: 'a', effect: 'NoSchedule' }] });
  assert.deepEqual(status?.addresses, [
    { type: 'InternalIP', address: '192.0.2.7' },
    { type: 'Hostname', address: 'node1' },
  ]);
  assert.deepEqual(status?.daemonEndpoints, { kubeletEndpoint: { Port: 10_250 } });
  assert.deepEqual(
    status?.conditions?.map(({ type, status: holds, reason, message }) => [type, holds, reason, message]),
    [
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
      ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
    ],
  );
  assert.equal(status?.conditions?.[0]?.lastHeartbeatTime, '2026-01-01T00:00:00Z');
  assert.deepEqual(status?.nodeInfo, {
    machineID: 'machine-1',
    systemUUID: 'UUID-1',
    bootID: 'boot-1',
    kernelVersion: '6.18.0',
    osImage: 'Debian GNU/Linux 12 (bookworm)',
    containerRuntimeVersion: 'process://v1',
    kubeletVersion: 'v1.37.2',
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: 'amd64',
  });
});

test('a Node whose kubelet API is not served names no port and no features', () => {
  const status = nodeStatus(nodeFacts({ kubeletPort: undefined, declaredFeatures: [] }), [], nowMs);
  assert.equal('daemonEndpoints' in status, false);
  assert.equal('declaredFeatures' in status, false);
});

test('no pods can be scheduled to it; all else is what the machine has', () => {
  const { resources } = nodeFacts().health;
  assert.deepEqual(capacityOf({ ...resources, hugePages: { 2048: 3, 1048576: 0 } }), {
    cpu: '2',
    memory: '8388608Ki',
    'ephemeral-storage': '104857600Ki',
    pods: '0',
    'hugepages-2Mi': '6144Ki',
    'hugepages-1Gi': '0',
  });
});

test('pressure is told by the kubelet’s own thresholds', () => {
  const { resources } = nodeFacts().health;
  const low = { ...resources, memoryAvailableBytes: 50 * 2 ** 20, diskFreeBytes: 9 * 2 ** 30 };
  const status = nodeStatus(nodeFacts({ health: { resources: low, problem: undefined } }), [], nowMs);
  assert.deepEqual(
    status.conditions?.filter((condition) => condition.status === 'True').map(({ type }) => type),
    ['MemoryPressure', 'DiskPressure', 'Ready'],
  );
});

test('labels that an admin sets are left out, and named', () => {
  const { labels, refused } = allowedLabels({
    'kubernetes.io/hostname': 'n',
    'node.kubernetes.io/pool': 'a',
    'x.node.kubernetes.io/pool': 'a',
    'example.org/rack': '7',
    zone: 'z',
    'topology.kubernetes.io/zone': 'z',
    'node-role.kubernetes.io/worker': '',
    'node-restriction.kubernetes.io/x': '',
    'foo.k8s.io/x': '',
  });
  assert.deepEqual(refused, ['node-role.kubernetes.io/worker', 'node-restriction.kubernetes.io/x', 'foo.k8s.io/x']);
  assert.equal(Object.keys(labels).length, 6);
});

test('images: the 50 largest, digests before tags, five names each', () => {
  const image = (index: number) => ({
    id: `sha256:${index}`,
    tags: ['a:1', 'a:2', 'a:3', 'a:4'],
    digests: ['a@sha256:1', 'a@sha256:2'],
    sizeBytes: index,
    user: '',
  });
  const told = nodeImages([
    ...Array.from({ length: 60 }, (_, index) => image(index)),
    { ...image(99), tags: [], digests: [] },
  ]);
  assert.equal(told.length, 50);
  assert.equal(told[0]?.sizeBytes, 59);
  assert.deepEqual(told[0]?.names, ['a@sha256:1', 'a@sha256:2', 'a:1', 'a:2', 'a:3']);
});

test('a Node that has what it should gets no patch', () => {
  const node = newNode(nodeFacts(), nowMs);
  assert.equal(missingMetadata(node, nodeFacts()), undefined);
  const bare = { ...node, metadata: { name: 'node1' } } satisfies Node;
  assert.deepEqual(missingMetadata(bare, nodeFacts()), {
    metadata: { labels: node.metadata.labels, annotations: node.metadata.annotations },
  });
});
