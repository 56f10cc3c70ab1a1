import assert from 'node:assert/strict';
import test from 'node:test';
import { decideSettings } from '../../../src/agent/settings/decide-settings.ts';
import { UsageError } from '../../../src/base/errors.ts';
import type { RuntimeType } from '../../../src/runtime/runtime.ts';

async function decide(
  flags: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
  runtime: RuntimeType = 'docker',
) {
  const host = {
    readText: async (path: string) => files[path],
    hostname: () => 'Machine',
    workingDirectory: () => '/work',
    resolve: async () => ['127.0.1.1'],
    addresses: () => [
      { name: 'lo', address: '127.0.0.1', family: 4 as const, loopback: true },
      { name: 'eth1', address: '192.0.2.8', family: 4 as const, loopback: false },
      { name: 'eth0', address: '192.0.2.7', family: 4 as const, loopback: false },
    ],
    defaultInterface: async (family: 4 | 6) => (family === 4 ? 'eth0' : undefined),
  };
  const { settings, warnings } = await decideSettings(host, flags);
  return { settings, warnings: warnings(runtime) };
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
  assert.deepEqual([settings.healthzAddress, settings.healthzPort], ['127.0.0.1', 0]);
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
  assert.deepEqual([settings.healthzAddress, settings.healthzPort], ['127.0.0.1', 10_248]);
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
  assert.deepEqual([settings.healthzAddress, settings.healthzPort], ['127.0.0.2', 1234]);
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
  assert.equal(settings.healthzPort, 99);
  assert.deepEqual(settings.nodeIPs, ['198.51.100.1']);
});

test('flags of the kubelet without a meaning here are named in one warning', async () => {
  const { warnings } = await decide({ cgroupDriver: 'systemd', failSwapOn: 'false', networkPlugin: 'cni' });
  assert.equal(warnings.length, 1);
  for (const flag of ['--cgroup-driver', '--fail-swap-on', '--network-plugin']) assert.ok(warnings[0]?.includes(flag));
});

test('--network-plugin has its meaning on cri, however the runtime was found', async () => {
  const flags = { containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock', networkPlugin: 'cni' };
  assert.deepEqual((await decide(flags, {}, 'cri')).warnings, []);
  assert.equal((await decide(flags, {}, 'process')).warnings.length, 1);
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

const everything = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: manifests
staticPodURL: http://192.0.2.1/pods.yaml
staticPodURLHeader: {Authorization: [one, two]}
httpCheckFrequency: 5s
readOnlyPort: 10255
address: 127.0.0.1
containerLogMaxSize: 1Mi
containerLogMaxFiles: 3
crashLoopBackOff: {maxContainerRestartPeriod: 1s}
seccompDefault: true
allowedUnsafeSysctls: [net.*]
maxPods: 7
podPidsLimit: -1
cpuCFSQuota: false
maxParallelImagePulls: 2
serializeImagePulls: false
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: ""
registerNode: null
`;

const byFlags = {
  podManifestPath: '/etc/manifests',
  manifestUrl: 'http://192.0.2.1/pods.yaml',
  manifestUrlHeader: ['Authorization:one', 'Authorization:two'],
  httpCheckFrequency: '5s',
  readOnlyPort: '10255',
  address: '127.0.0.1',
  containerLogMaxSize: '1Mi',
  containerLogMaxFiles: '3',
  seccompDefault: true,
  allowedUnsafeSysctls: ['net.*'],
  maxPods: '7',
  podMaxPids: '-1',
  cpuCfsQuota: 'false',
  clusterDns: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
};

test('a flag and the field of the same meaning set the same', async () => {
  const { settings: fromFile } = await decide({ config: '/etc/k.yaml' }, { '/etc/k.yaml': everything });
  const { settings: fromFlags } = await decide(byFlags);
  assert.equal(fromFile.maxContainerRestartPeriodMs, 1000);
  assert.equal(fromFile.maxParallelImagePulls, 2);
  assert.equal(fromFile.dns.resolvConf, '');
  assert.deepEqual(fromFile.manifestURLHeaders, { Authorization: ['one', 'two'] });
  assert.deepEqual(fromFlags.manifestURLHeaders, fromFile.manifestURLHeaders);
  const { maxContainerRestartPeriodMs: _period, maxParallelImagePulls: _pulls, dns, ...rest } = fromFile;
  assert.deepEqual(fromFlags.dns, { ...dns, resolvConf: '/etc/resolv.conf' });
  for (const [name, value] of Object.entries(rest)) {
    assert.deepEqual(fromFlags[name as keyof typeof fromFlags], value, name);
  }
});

test('flags and fields are merged one by one, also those of name resolution', async () => {
  const { settings } = await decide({ config: '/k.yaml', clusterDomain: 'other' }, { '/k.yaml': everything });
  assert.deepEqual(settings.dns, { clusterDNS: ['10.96.0.10'], clusterDomain: 'other', resolvConf: '' });
});

test('images are fetched one at a time only where that is said', async () => {
  assert.equal((await decide({})).settings.maxParallelImagePulls, 5);
  assert.equal((await decide({ serializeImagePulls: 'true' })).settings.maxParallelImagePulls, 1);
});

test('a path in a file counts from the file, one in a flag from the working directory', async () => {
  const { settings } = await decide({ config: '/etc/k.yaml', kubeconfig: 'k.conf' }, { '/etc/k.yaml': everything });
  assert.equal(settings.staticPodPath, '/etc/manifests');
  assert.equal(settings.kubeconfig, '/work/k.conf');
});

test('an open read-only port is warned of, and headers are never shown', async () => {
  const { warnings } = await decide(byFlags);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /127\.0\.0\.1 port 10255 reads every pod with its environment/);
  assert.doesNotMatch(warnings.join(), /Authorization/);
});

test('a value that is none is an error of use that names the flag', async () => {
  const wrong = [
    { readOnlyPort: '99999' },
    { maxPods: 'many' },
    { cpuCfsQuota: 'perhaps' },
    { manifestUrl: 'ftp://x' },
    { fileCheckFrequency: '20' },
    { containerLogMaxSize: 'big' },
  ];
  for (const flags of wrong) {
    const [name = ''] = Object.keys(flags);
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    await assert.rejects(decide(flags), (thrown: unknown) => {
      assert.ok(thrown instanceof UsageError);
      return thrown.message.startsWith(`--${flag}: `);
    });
  }
});

test('a configuration of another kind or version is refused with its place', async () => {
  const foreign = 'apiVersion: kubelet.config.k8s.io/v1\nkind: KubeletConfiguration\n';
  for (const text of ['kind: Deployment\n', foreign]) {
    await assert.rejects(decide({ config: '/k.yaml' }, { '/k.yaml': text }), (thrown: unknown) => {
      assert.ok(thrown instanceof UsageError);
      assert.equal(thrown.findings.length, 1);
      return thrown.findings[0]?.line !== undefined;
    });
  }
});

test('what a node and its credentials are is said by the kubelet’s flags and fields', async () => {
  const text = `kind: KubeletConfiguration
registerNode: false
rotateCertificates: true
serverTLSBootstrap: true
tlsCertFile: tls.crt
tlsPrivateKeyFile: tls.key
registerWithTaints:
- {key: a, value: b, effect: NoSchedule}
`;
  const { settings, warnings } = await decide({ config: '/etc/k.yaml', certDir: 'pki' }, { '/etc/k.yaml': text });
  assert.deepEqual(
    [settings.registerNode, settings.rotateCertificates, settings.serverTLSBootstrap],
    [false, true, true],
  );
  assert.deepEqual([settings.tlsCertFile, settings.tlsPrivateKeyFile], ['/etc/tls.crt', '/etc/tls.key']);
  assert.equal(settings.certDirectory, '/work/pki');
  assert.deepEqual(settings.registerWithTaints, [{ key: 'a', value: 'b', effect: 'NoSchedule' }]);
  assert.deepEqual(warnings, []);
  const flags = {
    registerWithTaints: ['a=b:NoSchedule,c:NoExecute'],
    bootstrapKubeconfig: 'b.conf',
    registerNode: 'false',
  };
  const given = await decide(flags);
  assert.deepEqual(given.settings.registerWithTaints, [
    { key: 'a', value: 'b', effect: 'NoSchedule' },
    { key: 'c', effect: 'NoExecute' },
  ]);
  assert.equal(given.settings.bootstrapKubeconfig, '/work/b.conf');
  assert.equal(given.settings.registerNode, false);
  await assert.rejects(decide({ registerWithTaints: ['a=b'] }), /a taint has an effect: NoSchedule, PreferNoSchedule/);
});

test('agent.yaml says where credentials are', async () => {
  const text = `${ours}kubeconfig: /etc/kubernetes/kubelet.conf
certDirectory: /var/lib/kubelet/pki
rotateCertificates: true
`;
  const { settings } = await decide({ config: 'agent.yaml' }, { '/work/agent.yaml': text });
  assert.equal(settings.kubeconfig, '/etc/kubernetes/kubelet.conf');
  assert.deepEqual([settings.certDirectory, settings.rotateCertificates], ['/var/lib/kubelet/pki', true]);
});

test('a node that nobody gave an address has that of the default route, where a cluster must reach it', async () => {
  assert.deepEqual((await decide({ kubeconfig: 'k.conf' })).settings.nodeIPs, ['192.0.2.7']);
  assert.deepEqual((await decide({})).settings.nodeIPs, ['127.0.0.1']);
  assert.deepEqual((await decide({ kubeconfig: 'k.conf', nodeIp: '192.0.2.8' })).settings.nodeIPs, ['192.0.2.8']);
});
