import assert from 'node:assert/strict';
import test from 'node:test';
import { podRefusals } from '../../../src/agent/containers/pod-refusals.ts';
import { podResources } from '../../../src/agent/containers/pod-resources.ts';
import { defaultPodRules } from '../../../src/agent/containers/pod-rules.ts';
import { oomScoreAdj } from '../../../src/agent/containers/qos.ts';
import type { Container, Pod } from '../../../src/kube/types.ts';
import { aContainer, aPod } from '../../fakes/agent-builders.ts';

const withResources = (resources: Container['resources'], change: Partial<Container> = {}) =>
  aContainer({ resources, ...change });
const podWith = (spec: Partial<Pod['spec']>): Pod => {
  const pod = aPod();
  return { ...pod, spec: { ...pod.spec, ...spec } };
};

test('a pod is limited as a whole when every container of it is', () => {
  const limited = withResources({ limits: { cpu: '500m', memory: '64Mi' } });
  assert.deepEqual(podResources(podWith({ containers: [limited, limited] })), {
    qos: 'Guaranteed',
    cpuShares: 1024,
    cpuQuota: 100_000,
    memoryLimitBytes: 2 ** 27,
  });
  const free = withResources({ requests: { cpu: '250m' } });
  assert.deepEqual(podResources(podWith({ containers: [limited, free] })), { qos: 'Burstable', cpuShares: 768 });
  assert.deepEqual(podResources(podWith({ containers: [aContainer()] })), { qos: 'BestEffort', cpuShares: 2 });
});

test("an init container's limit counts where it is more than all others together", () => {
  const init = withResources({ limits: { cpu: '3', memory: '1Gi' } });
  const main = withResources({ limits: { cpu: '1', memory: '64Mi' } });
  const resources = podResources(podWith({ initContainers: [init], containers: [main] }));
  assert.deepEqual([resources.cpuQuota, resources.memoryLimitBytes], [300_000, 2 ** 30]);
});

test("a pod's own limits win over those of its containers, and quotas may be switched off", () => {
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '2', memory: '128Mi' } };
  const pod = podWith({ containers: [aContainer()], resources });
  assert.deepEqual(podResources(pod), {
    qos: 'Burstable',
    cpuShares: 102,
    cpuQuota: 200_000,
    memoryLimitBytes: 2 ** 27,
  });
  const rules = { ...defaultPodRules, cpuCfsQuota: false, podPidsLimit: 100 };
  assert.deepEqual(podResources(pod, rules), {
    qos: 'Burstable',
    cpuShares: 102,
    memoryLimitBytes: 2 ** 27,
    pidsLimit: 100,
  });
});

test('a sidecar goes no sooner than the main container that is worth least', () => {
  const asking = (memory: string) => withResources({ requests: { memory } });
  const sidecar = withResources({ requests: { memory: '1Mi' } }, { name: 'side', restartPolicy: 'Always' });
  const pod = podWith({ initContainers: [sidecar], containers: [asking('1Gi'), asking('2Gi')] });
  assert.equal(oomScoreAdj(pod, sidecar, 4 * 2 ** 30), 750);
});

test('sysctls are refused as the kubelet does: unsafe ones, and those of a namespace that is the host’s', () => {
  const withSysctl = (name: string, more: Partial<Pod['spec']> = {}) =>
    podWith({ hostNetwork: false, securityContext: { sysctls: [{ name, value: '1' }] }, ...more });
  const refused = (pod: Pod, allowedUnsafeSysctls: string[] = []) =>
    podRefusals(pod, { ...defaultPodRules, allowedUnsafeSysctls })[0] ?? '';
  assert.equal(refused(withSysctl('net.ipv4.tcp_syncookies')), '');
  assert.equal(refused(withSysctl('net/ipv4/tcp_syncookies')), '');
  assert.match(refused(withSysctl('net.core.somaxconn')), /forbidden sysctl: "net.core.somaxconn" not allowlisted/);
  assert.equal(refused(withSysctl('net.core.somaxconn'), ['net.core.*']), '');
  assert.match(
    refused(withSysctl('net.ipv4.tcp_syncookies', { hostNetwork: true })),
    /not allowed with host net enabled/,
  );
  assert.match(refused(withSysctl('kernel.shm_rmid_forced', { hostIPC: true })), /not allowed with host ipc enabled/);
});

test('what a node of this kind has not is refused by name', () => {
  assert.match(podRefusals(podWith({ hostUsers: false }))[0] ?? '', /hostUsers: false/);
  const container = withResources({ limits: { 'hugepages-2Mi': '4Mi', 'example.com/gpu': '1', cpu: '1' } });
  assert.deepEqual(
    podRefusals(podWith({ containers: [container] })).map((reason) => reason.split(':')[0]),
    ['resource hugepages-2Mi', 'resource example.com/gpu'],
  );
});
