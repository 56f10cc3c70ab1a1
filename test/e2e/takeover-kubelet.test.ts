import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Pod } from '../../src/kube/types.ts';
import { labels } from '../../src/runtime/labels.ts';
import { program } from '../components/locations.ts';
import { bootstrapProgram, eventually, expectCode, type Ran } from './support/command.ts';
import { addresses, type LabNetwork, makeNetwork } from './support/worker-lab/namespace.ts';
import { Worker } from './support/worker-lab/worker.ts';

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const hashAnnotation = 'kubernetes.io/config.hash';

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
`;

describe('a control plane on containerd between our agent and a stock kubelet', () => {
  let network: LabNetwork;
  let machine: Worker;
  let file = '';
  const hashes: Record<'ours' | 'theirs', readonly string[]> = { ours: [], theirs: [] };

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

  const shell = async (command: string) => expectCode(await machine.run('bash', ['-c', command]), 0).stdout.trim();
  const kubectl = (...args: readonly string[]): Promise<Ran> =>
    machine.run(program('kubectl'), ['--kubeconfig', '/etc/kubernetes/super-admin.conf', ...args]);
  const startAgent = () =>
    shell(
      `setsid ${bootstrapProgram} agent --config /var/lib/bootstrap/agent.yaml --takeover </dev/null >>/var/log/taken.log 2>&1 &`,
    );
  const pidOf = (comm: string) => shell(`pgrep -x ${comm.slice(0, 15)} | head -n 1`);

  /** The hashes of the four mirror pods, in the order of their names, once all are Ready and none is of `before`. */
  function mirrored(before: readonly string[]): Promise<readonly string[]> {
    return eventually(
      'all mirror pods are new and Ready',
      async () => {
        const { code, stdout } = await kubectl(
          '-n',
          'kube-system',
          'get',
          'pods',
          '-l',
          'tier=control-plane',
          '-o',
          'json',
        );
        const pods = code === 0 ? (JSON.parse(stdout) as { items: readonly Pod[] }).items : [];
        const ready = pods.filter(({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
        );
        const found = ready.map(({ metadata }) => metadata.annotations?.[hashAnnotation] ?? '').sort();
        return found.length === components.length && found.every((hash) => !before.includes(hash)) ? found : undefined;
      },
      180_000,
    ).catch((thrown: unknown) => {
      throw new Error(`${String(thrown)}\n${machine.logs()}`);
    });
  }

  /** How many tasks run in containers that carry our label, and how many in others. */
  async function tasks(): Promise<{ readonly ours: number; readonly theirs: number }> {
    const ids = (text: string) => text.split(/\s+/).filter((id) => id !== '');
    const own = ids(await shell(`ctr -n k8s.io containers ls -q 'labels."${labels.owner}"'`));
    const running = ids(await shell(`ctr -n k8s.io tasks ls | awk '$3 == "RUNNING" { print $1 }'`));
    const ours = running.filter((id) => own.includes(id)).length;
    return { ours, theirs: running.length - ours };
  }

  const kept = async () =>
    expectCode(await kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.since}'), 0).stdout;

  test('init brings it up there', async () => {
    expectCode(await machine.run(bootstrapProgram, ['init', '--config', file, '--runtime', 'cri']), 0);
    hashes.ours = await mirrored([]);
    assert.deepEqual(await tasks(), { ours: 2 * components.length, theirs: 0 });
    expectCode(await kubectl('create', 'configmap', 'kept', '--from-literal=since=init'), 0);
  });

  test('the agent ends, and a kubelet replaces its pods by its own, mirror pods and all; data is kept', async () => {
    await shell(
      'pid=$(cut -d" " -f1 /run/bootstrap/agent.lock); kill $pid; while [ -e /proc/$pid ]; do sleep 0.1; done',
    );
    expectCode(await machine.run('kubeadm', ['init', 'phase', 'kubelet-start', '--config', file]), 0);
    await eventually(
      'it has replaced them',
      async () => (await tasks()).ours === 0 && (await kubectl('get', '--raw', '/readyz')).code === 0,
      180_000,
    );
    // The mirror of a pod that it started without an API server it makes up to 90 s later, but at once when it starts.
    await shell('systemctl restart kubelet');
    hashes.theirs = await mirrored(hashes.ours);
    assert.equal((await tasks()).ours, 0);
    assert.equal(await kept(), 'init');
  });

  test('--takeover is refused while the kubelet runs, with nothing touched', async () => {
    // The other two the kubelet may be starting again at this moment: they lose their Leases when the API server is away.
    const running = () => Promise.all(['etcd', 'kube-apiserver'].map(pidOf));
    const before = await running();
    const { stderr } = expectCode(await machine.run(bootstrapProgram, ['agent', '--takeover']), 2);
    assert.match(stderr, /nothing is taken over: a kubelet runs here \(pid \d+\)/);
    assert.match(stderr, /systemctl disable --now kubelet/);
    assert.deepEqual(await running(), before);
    assert.equal((await tasks()).ours, 0);
  });

  test('the kubelet is stopped, and the agent takes the pods back one by one, though it is killed in the middle', async () => {
    await shell('systemctl disable --now kubelet');
    const before = await pidOf('etcd');
    const away = join(machine.directory, 'away');
    // The other two end by themselves when an API server takes long to come back: they lose their Leases.
    const names = 'etcd kube-apiserver';
    const sampling = `while sleep 0.1; do for name in ${names}; do pgrep -x $name >/dev/null || echo -n "$name "; done; echo; done`;
    await shell(`setsid bash -c '${sampling}' </dev/null >${away} 2>/dev/null & echo $! >/run/sampler`);
    await startAgent();
    await eventually(
      'etcd is replaced',
      async () => {
        const now = await pidOf('etcd');
        return now !== '' && now !== before;
      },
      120_000,
    );
    await shell('kill -9 $(cut -d" " -f1 /run/bootstrap/agent.lock)');
    await startAgent();
    const again = await mirrored(hashes.theirs);
    await eventually(
      'nothing of the other owner is left of them',
      () => {
        const log = readFileSync(join(machine.directory, 'var/log/taken.log'), 'utf8');
        return log.includes('all pods of the directory are ours');
      },
      120_000,
    );
    await shell('kill $(cat /run/sampler)');
    assert.deepEqual(again, hashes.ours);
    assert.equal(await kept(), 'init');
    const worst = readFileSync(away, 'utf8')
      .split('\n')
      .filter((line) => line.trim().split(/\s+/).length > 1);
    assert.deepEqual(worst, [], 'both were away at the same time');
    assert.equal((await tasks()).ours, 2 * components.length);
  });
});
