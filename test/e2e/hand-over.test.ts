import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Pod } from '../../src/kube/types.ts';
import { annotations } from '../../src/runtime/labels.ts';
import { program } from '../components/locations.ts';
import { bootstrapProgram, eventually, expectCode, type Ran } from './support/command.ts';
import { addresses, type LabNetwork, makeNetwork } from './support/worker-lab/namespace.ts';
import { Worker } from './support/worker-lab/worker.ts';

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

const configuration = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: ${addresses.worker}}
nodeRegistration: {name: cp, criSocket: "unix:///run/containerd/containerd.sock"}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.2
encryptionAlgorithm: ECDSA-P256
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
# What this machine asks of a kubelet: cgroup v1 and no systemd.
failCgroupV1: false
cgroupDriver: cgroupfs
failSwapOn: false
# Each pod is looked at again, and its mirror pod made, that often: not once a minute.
syncFrequency: 5s
`;

describe('a control plane that is handed over to a stock kubelet', () => {
  let network: LabNetwork;
  let machine: Worker;
  let file = '';

  before(async () => {
    network = await makeNetwork();
    machine = new Worker(network.worker);
    file = join(machine.directory, 'kubeadm.yaml');
    writeFileSync(file, configuration);
    await machine.start(['pause', ...components]);
  });
  after(async () => {
    await machine?.destroy();
    await network?.end();
  });

  const bootstrap = (...args: readonly string[]): Promise<Ran> => machine.run(bootstrapProgram, args);
  const kubectl = (...args: readonly string[]): Promise<Ran> =>
    machine.run(program('kubectl'), ['--kubeconfig', '/etc/kubernetes/admin.conf', ...args]);
  /** Before our phases have given admin.conf its rights. */
  const superKubectl = (...args: readonly string[]): Promise<Ran> =>
    machine.run(program('kubectl'), ['--kubeconfig', '/etc/kubernetes/super-admin.conf', ...args]);
  const get = async (...args: readonly string[]) => expectCode(await kubectl('get', ...args), 0).stdout.trim();

  test('init without start-agent leaves files and starts nothing', async () => {
    const { stdout, stderr } = expectCode(await bootstrap('init', '--config', file, '--skip-phases', 'start-agent'), 0);
    assert.match(
      stdout,
      /nothing of ours runs them: a kubelet whose staticPodPath is \/etc\/kubernetes\/manifests does/,
    );
    assert.match(stderr, /once the manifests run: bootstrap init phase upload-config/);
    assert.notEqual((await kubectl('get', '--raw', '/livez')).code, 0);
  });

  test('the kubelet that kubeadm starts there runs all four components', async () => {
    const started = await machine.run('kubeadm', ['init', 'phase', 'kubelet-start', '--config', file]);
    expectCode(started, 0);
    try {
      await eventually(
        'the API server is ready',
        async () => (await kubectl('get', '--raw', '/readyz')).code === 0,
        60_000,
      );
    } catch (thrown) {
      throw new Error(`${String(thrown)}\n${machine.logs()}`);
    }
    expectCode(await superKubectl('wait', '--for=create', 'node/cp', '--timeout=30s'), 0);
    expectCode(await superKubectl('wait', '--for=condition=Ready', 'node/cp', '--timeout=60s'), 0);
    for (const leader of ['kube-controller-manager', 'kube-scheduler']) {
      expectCode(
        await superKubectl('-n', 'kube-system', 'wait', '--for=create', `lease/${leader}`, '--timeout=30s'),
        0,
      );
    }
  });

  test('which shows them as its own mirror pods: four, Running, from files', async () => {
    const mirrors = await eventually(
      'all four are Running',
      async () => {
        const listed = expectCode(await superKubectl('-n', 'kube-system', 'get', 'pods', '-o', 'json'), 0);
        const items: readonly Pod[] = JSON.parse(listed.stdout).items;
        const running = items.filter(({ status }) => status?.phase === 'Running');
        return running.length === components.length ? running : undefined;
      },
      60_000,
    );
    const facts = mirrors.map(({ metadata: { name, annotations: own = {} } }) => {
      return [name, own[annotations.configSource], own[annotations.configMirror] === own[annotations.configHash]];
    });
    assert.deepEqual(
      facts,
      components.map((name) => [`${name}-cp`, 'file', true]),
    );
  });

  test('then our phases fill the cluster as for a plane of our own, and a second run changes nothing', async () => {
    for (const phase of ['upload-config', 'mark-control-plane', 'bootstrap-token', 'addon']) {
      expectCode(await bootstrap('init', 'phase', ...phase.split(' '), '--config', file), 0);
    }
    const taint = await get('node', 'cp', '-o', 'jsonpath={.spec.taints[*].key}');
    assert.match(taint, /node-role\.kubernetes\.io\/control-plane/);
    await get('-n', 'kube-system', 'configmap', 'kubeadm-config');
    const again = expectCode(await bootstrap('init', 'phase', 'upload-config', '--config', file), 0);
    assert.doesNotMatch(again.stdout + again.stderr, /create|update/);
  });
});
