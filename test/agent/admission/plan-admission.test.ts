import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeLabels } from '../../../src/agent/admission/node-labels.ts';
import { type AdmissionInput, type Neighbour, planAdmission } from '../../../src/agent/admission/plan-admission.ts';
import { noRequests, podRequests } from '../../../src/agent/admission/pod-requests.ts';
import type { PodSpec } from '../../../src/kube/types.ts';
import { aContainer, aPod } from '../../fakes/agent-builders.ts';

const port = (hostPort: number, more: object = {}) => ({
  containerPort: hostPort,
  hostPort,
  protocol: 'TCP' as const,
  ...more,
});
const withPort = (hostPort: number, more: object = {}) => ({
  containers: [aContainer({ ports: [port(hostPort, more)] })],
});

function refusal(spec: Partial<PodSpec>, change: Partial<AdmissionInput> = {}) {
  const labels = nodeLabels({ name: 'node1', architecture: 'x64', own: { disk: 'ssd', cores: '8' } });
  const node = { name: 'node1', labels, cpuMilli: 2000, memoryBytes: 4 * 2 ** 30, maxPods: 3, strictGroups: false };
  return planAdmission({ pod: aPod(spec), node, neighbours: [], listeners: [], ...change });
}

function neighbour(change: Partial<Neighbour> = {}): Neighbour {
  return { key: 'default/other-node1', ports: [], requests: noRequests, ending: false, ...change };
}

const required = (...terms: readonly object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
});
const expression = (key: string, operator: string, ...values: readonly string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

test('admits a pod that asks for nothing special', () => {
  assert.equal(refusal({}), undefined);
});

test('compares the node selector with the labels of the node', () => {
  const own = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': 'node1' };
  assert.equal(refusal({ nodeSelector: { ...own, disk: 'ssd' } }), undefined);
  const refused = refusal({ nodeSelector: { disk: 'hdd' } });
  assert.equal(refused?.reason, 'NodeAffinity');
  assert.match(refused?.message ?? '', /node\(s\) didn't match Pod's node affinity\/selector .*disk=ssd/);
});

test('required node affinity: any term, all its expressions, the scheduler’s operators', () => {
  for (const term of [
    expression('disk', 'In', 'hdd', 'ssd'),
    expression('disk', 'NotIn', 'hdd'),
    expression('missing', 'NotIn', 'x'),
    expression('disk', 'Exists'),
    expression('missing', 'DoesNotExist'),
    expression('cores', 'Gt', '7'),
    expression('cores', 'Lt', '9'),
    { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node1'] }] },
  ])
    assert.equal(refusal(required(expression('disk', 'In', 'tape'), term)), undefined, JSON.stringify(term));
  for (const term of [
    expression('disk', 'In', 'hdd'),
    expression('disk', 'NotIn', 'ssd'),
    expression('missing', 'Exists'),
    expression('cores', 'Gt', '8'),
    expression('disk', 'Gt', '1'),
    { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node2'] }] },
    {},
  ])
    assert.equal(refusal(required(term))?.reason, 'NodeAffinity', JSON.stringify(term));
});

test('a host port that another pod has is refused by that pod’s name', () => {
  const neighbours = [neighbour({ ports: [{ protocol: 'TCP', ip: '', port: 8080 }] })];
  assert.deepEqual(refusal(withPort(8080), { neighbours }), {
    reason: 'NodePorts',
    message: 'Predicate NodePorts failed: host port 8080/TCP is taken by pod default/other-node1',
  });
  assert.equal(refusal(withPort(8081), { neighbours }), undefined);
  assert.equal(refusal(withPort(8080, { protocol: 'UDP' }), { neighbours }), undefined);
});

test('the same port on different addresses is no collision, on all addresses it is', () => {
  const neighbours = [neighbour({ ports: [{ protocol: 'TCP', ip: '127.0.0.1', port: 8080 }] })];
  assert.equal(refusal(withPort(8080, { hostIP: '192.0.2.1' }), { neighbours }), undefined);
  assert.equal(refusal(withPort(8080, { hostIP: '127.0.0.1' }), { neighbours })?.reason, 'NodePorts');
  assert.equal(refusal(withPort(8080), { neighbours })?.reason, 'NodePorts');
});

test('a host port of a pod that is going means to wait for it', () => {
  const neighbours = [neighbour({ ports: [{ protocol: 'TCP', ip: '', port: 8080 }], ending: true })];
  const refused = refusal(withPort(8080), { neighbours });
  assert.equal(refused?.message, 'waiting for pod default/other-node1 to end, which has host port 8080/TCP');
});

test('a host port on which somebody else listens is refused by pid and program', () => {
  const listener = { address: '0.0.0.0', port: 8080, pid: 77, program: 'nginx' };
  const refused = refusal(withPort(8080), { listeners: [listener] });
  assert.match(refused?.message ?? '', /host port 8080\/TCP is in use by pid 77 \(nginx\) on 0\.0\.0\.0/);
  assert.equal(refusal(withPort(8081), { listeners: [listener] }), undefined);
});

test('on the host network one address that is taken leaves the others to the program; a published port it does not', () => {
  const listeners = [{ address: '127.0.0.1', port: 8080 }];
  assert.equal(refusal({ ...withPort(8080), hostNetwork: true }, { listeners }), undefined);
  assert.match(refusal({ ...withPort(8080), hostNetwork: false }, { listeners })?.message ?? '', /another program/);
});

test('requests above what is left of the node are refused in the kubelet’s words', () => {
  const neighbours = [neighbour({ requests: { cpuMilli: 1500, memoryBytes: 3 * 2 ** 30 } })];
  const asking = (requests: Record<string, string>) =>
    refusal({ containers: [aContainer({ resources: { requests } })] }, { neighbours });
  assert.equal(asking({ cpu: '500m', memory: '1Gi' }), undefined);
  assert.deepEqual(asking({ cpu: '501m' }), {
    reason: 'OutOfcpu',
    message: "Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000",
  });
  assert.equal(asking({ memory: '2Gi' })?.reason, 'OutOfmemory');
});

test('a pod’s requests: what runs together, or the greediest init container with the sidecars before it', () => {
  const asking = (name: string, cpu: string, more: object = {}) =>
    aContainer({ name, resources: { requests: { cpu } }, ...more });
  const pod = aPod({
    initContainers: [
      asking('init1', '300m'),
      asking('side', '100m', { restartPolicy: 'Always' }),
      asking('init2', '700m'),
    ],
    containers: [asking('app', '200m'), aContainer({ name: 'two', resources: { limits: { cpu: '250m' } } })],
  });
  assert.equal(podRequests(pod).cpuMilli, 800);
});

test('another operating system, a runtime class and strict groups are refused with the reason', () => {
  assert.equal(refusal({ os: { name: 'windows' } })?.reason, 'PodOSNotSupported');
  assert.match(refusal({ runtimeClassName: 'gvisor' })?.message ?? '', /RuntimeClass "gvisor" not found/);
  const securityContext = { supplementalGroupsPolicy: 'Strict' };
  assert.equal(refusal({ securityContext })?.reason, 'SupplementalGroupsPolicyNotSupported');
  assert.equal(refusal({ os: { name: 'linux' } }), undefined);
});

test('no more pods than the node may have', () => {
  const neighbours = ['a', 'b', 'c'].map((key) => neighbour({ key }));
  assert.equal(refusal({}, { neighbours })?.reason, 'OutOfpods');
});
