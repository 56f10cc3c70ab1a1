import assert from 'node:assert/strict';
import test from 'node:test';
import { decideSettings } from '../../src/agent/decide-settings.ts';
import { UsageError } from '../../src/base/errors.ts';

function decide(flags: Readonly<Record<string, unknown>>, files: Readonly<Record<string, string>> = {}) {
  const host = {
    readText: async (path: string) => files[path],
    hostname: () => 'Machine',
    workingDirectory: () => '/work',
  };
  return decideSettings(host, flags);
}

const ours = `apiVersion: kube-bootstrap/v1alpha1
kind: AgentConfiguration
staticPodPath: /etc/kubernetes/manifests
nodeName: node1
nodeIP: 192.0.2.10,2001:db8::1
runtime:
  type: process
imageArchives: [/images]
healthzPort: 0
startAfter:
- pods: [kube-system/kube-scheduler]
  url: https://127.0.0.1:6443/livez
crashLoopBackOff:
  maxContainerRestartPeriod: 30s
`;

test('reads our own configuration', async () => {
  const { settings, warnings } = await decide({ config: 'agent.yaml' }, { '/work/agent.yaml': ours });
  assert.equal(settings.staticPodPath, '/etc/kubernetes/manifests');
  assert.deepEqual(settings.nodeIPs, ['192.0.2.10', '2001:db8::1']);
  assert.deepEqual(settings.runtime, { type: 'process', endpoint: undefined });
  assert.deepEqual(settings.healthz, { address: '127.0.0.1', port: 0 });
  assert.equal(settings.maxContainerRestartPeriodMs, 30_000);
  assert.deepEqual(settings.startAfter, [
    { pods: ['kube-system/kube-scheduler'], url: 'https://127.0.0.1:6443/livez' },
  ]);
  assert.equal(settings.fileCheckFrequencyMs, 20_000);
  assert.deepEqual(warnings, []);
});

test('a bare file with just staticPodPath is enough', async () => {
  const { settings } = await decide({ config: '/k.yaml' }, { '/k.yaml': 'staticPodPath: /m\n' });
  assert.equal(settings.staticPodPath, '/m');
  assert.equal(settings.nodeName, 'machine');
  assert.deepEqual(settings.healthz, { address: '127.0.0.1', port: 10_248 });
});

test('takes what it can from a KubeletConfiguration and names the rest once', async () => {
  const text = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: /m
fileCheckFrequency: 5s
healthzBindAddress: 127.0.0.2
healthzPort: 1234
cgroupDriver: systemd
evictionHard: {}
containerRuntimeEndpoint: unix:///run/docker.sock
`;
  const { settings, warnings } = await decide({ config: '/k.yaml' }, { '/k.yaml': text });
  assert.equal(settings.fileCheckFrequencyMs, 5000);
  assert.deepEqual(settings.healthz, { address: '127.0.0.2', port: 1234 });
  assert.equal(settings.runtime.endpoint, 'unix:///run/docker.sock');
  assert.deepEqual(warnings, ['/k.yaml: these fields of the kubelet mean nothing here: cgroupDriver, evictionHard']);
});

test('flags win over the file', async () => {
  const flags = {
    config: '/a.yaml',
    podManifestPath: 'm',
    hostnameOverride: 'other',
    runtime: 'docker',
    healthzPort: '99',
    nodeIp: '198.51.100.1',
  };
  const { settings } = await decide(flags, { '/a.yaml': ours });
  assert.equal(settings.staticPodPath, '/work/m');
  assert.equal(settings.nodeName, 'other');
  assert.equal(settings.runtime.type, 'docker');
  assert.equal(settings.healthz.port, 99);
  assert.deepEqual(settings.nodeIPs, ['198.51.100.1']);
});

test('flags of the kubelet without a meaning here are named in one warning', async () => {
  const { warnings } = await decide({ cgroupDriver: 'systemd', failSwapOn: 'false', networkPlugin: 'cni' });
  assert.equal(warnings.length, 1);
  for (const flag of ['--cgroup-driver', '--fail-swap-on', '--network-plugin']) assert.ok(warnings[0]?.includes(flag));
});

test('all that is wrong in a file is found at once, each with its place', async () => {
  const text = `apiVersion: kube-bootstrap/v1alpha1
kind: AgentConfiguration
staticPodPaht: /m
healthzPort: x
crashLoopBackOff:
  maxContainerRestartPeriod: 400s
`;
  await assert.rejects(decide({ config: '/a.yaml' }, { '/a.yaml': text }), (thrown: unknown) => {
    assert.ok(thrown instanceof UsageError);
    assert.deepEqual(
      thrown.findings.map(({ line, path }) => [line, path]),
      [
        [3, 'staticPodPaht'],
        [4, 'healthzPort'],
        [6, 'crashLoopBackOff.maxContainerRestartPeriod'],
      ],
    );
    assert.match(thrown.findings[0]?.message ?? '', /did you mean staticPodPath/);
    return true;
  });
});

test('a file that is not there and a runtime that does not exist are errors of use', async () => {
  await assert.rejects(decide({ config: 'gone.yaml' }), UsageError);
  await assert.rejects(decide({ runtime: 'podman' }), UsageError);
});
