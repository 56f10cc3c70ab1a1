import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually, expectCode } from './support/command.ts';
import { LabPlane } from './support/worker-lab/lab-plane.ts';
import { type LabNetwork, makeNetwork } from './support/worker-lab/namespace.ts';
import { Worker } from './support/worker-lab/worker.ts';

/** The preflight errors of `kubeadm join` that this machine makes it report, each with its reason. */
const ignored: Readonly<Record<string, string>> = {
  SystemVerification: 'the machine has cgroup v1, which kubeadm refuses although the KubeletConfiguration allows it',
};

const reference = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

const deployment = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: ${reference}
        imagePullPolicy: Never
        args: [netexec, --http-port=8080]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
`;

describe('a stock worker', () => {
  let network: LabNetwork;
  let plane: LabPlane;
  let worker: Worker;

  before(async () => {
    network = await makeNetwork();
    plane = new LabPlane(network.controlPlane);
    worker = new Worker(network.worker);
    const [made] = await Promise.all([plane.init(), worker.start(['pause', 'agnhost', 'kube-proxy'])]);
    expectCode(made, 0);
  });
  after(async () => {
    await worker?.destroy();
    await plane?.destroy();
    await network?.end();
  });

  /** The line that our command prints, run there as it is but for the allowed errors; then the node is there. */
  async function join(command: readonly string[]): Promise<void> {
    const { stdout } = expectCode(await plane.bootstrap(command), 0);
    const line = stdout.split('\n').find((text) => text.trim().startsWith('kubeadm join'));
    const [program = '', ...words] = (line ?? '').trim().split(/\s+/);
    const allowed = `--ignore-preflight-errors=${Object.keys(ignored).join(',')}`;
    const joined = await worker.run(program, [...words, allowed]);
    if (joined.code !== 0) throw new Error(`${joined.stdout}${joined.stderr}${worker.logs()}`);
    for (const condition of ['create', 'condition=Ready']) {
      expectCode(await plane.kubectl('wait', `--for=${condition}`, `node/${worker.name}`, '--timeout=60s'), 0);
    }
  }

  const rolledOut = () => plane.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');

  test('joins with the line that `bootstrap join` prints, and becomes Ready', async () => {
    await join(['join']);
    const nodes = await plane.get('nodes', '-o', 'jsonpath={.items[*].metadata.name}');
    assert.deepEqual(nodes.split(' ').sort(), ['cp', worker.name]);
  });

  test('runs the pods of a Deployment from an image that was imported', async () => {
    expectCode(await plane.kubectl('apply', '-f', plane.write('web.yaml', deployment(2))), 0);
    expectCode(await rolledOut(), 0);
    const where = '{range .items[*]}{.spec.nodeName} {.status.podIP}{"\\n"}{end}';
    const pods = (await plane.get('pods', '-l', 'app=web', '-o', `jsonpath=${where}`)).split('\n');
    assert.equal(pods.length, 2);
    for (const pod of pods) assert.match(pod, new RegExp(`^${worker.name} 10\\.244\\.0\\.\\d+$`));
  });

  test('kubectl logs and exec work on it', async () => {
    const pod = await plane.get('pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].metadata.name}');
    assert.match(expectCode(await plane.kubectl('logs', pod), 0).stdout, /Started HTTP server on port 8080/);
    const said = expectCode(await plane.kubectl('exec', pod, '--', 'hostname'), 0).stdout.trim();
    assert.equal(said, pod);
    const failing = await plane.kubectl('exec', pod, '--', 'sh', '-c', 'exit 7');
    assert.equal(failing.code, 7);
  });

  test('reads at its second join what an apply has changed meanwhile, and nothing was restarted for it', async () => {
    plane.configure({ kubelet: 'maxPods: 37\n' });
    const planned = expectCode(await plane.bootstrap(['plan', '--config', plane.config]), 10);
    assert.match(planned.stdout, /ConfigMap kube-system\/kubelet-config kubelet: maxPods {2}37/);
    const applied = expectCode(await plane.bootstrap(['apply', '--config', plane.config]), 0);
    assert.match(applied.stdout, /nothing was restarted/);

    expectCode(await plane.kubectl('delete', 'deployment', 'web', '--wait'), 0);
    expectCode(await worker.run('kubeadm', ['reset', '--force']), 0);
    expectCode(await plane.kubectl('delete', 'node', worker.name), 0);
    await join(['token', 'create', '--print-join-command']);
    const capacity = await eventually('the node tells its capacity', async () => {
      return (await plane.get('node', worker.name, '-o', 'jsonpath={.status.capacity.pods}')) || undefined;
    });
    assert.equal(capacity, '37');
  });

  test('what somebody changes in the cluster is drift, is healed, and a rollback goes back', async () => {
    const edited = '{"data":{"config.conf":"kind: KubeProxyConfiguration\\nmode: nftables\\n"}}';
    const patch = ['patch', 'configmap', 'kube-proxy', '--type=merge', '-p', edited];
    expectCode(await plane.kubectl('-n', 'kube-system', ...patch), 0);
    expectCode(await plane.kubectl('-n', 'kube-system', 'delete', 'service', 'kube-dns'), 0);
    const { stdout } = expectCode(await plane.bootstrap(['drift']), 10);
    assert.match(stdout, /ConfigMap kube-system\/kube-proxy config\.conf: mode/);
    assert.match(stdout, /Service kube-system\/kube-dns +was removed from the cluster/);
    expectCode(await plane.bootstrap(['drift', '--heal']), 0);
    assert.equal(await plane.get('-n', 'kube-system', 'service', 'kube-dns', '-o', 'name'), 'service/kube-dns');
    expectCode(await plane.bootstrap(['rollback', '--to', '1']), 0);
    const kubelet = await plane.get(
      '-n',
      'kube-system',
      'configmap',
      'kubelet-config',
      '-o',
      'jsonpath={.data.kubelet}',
    );
    assert.doesNotMatch(kubelet, /maxPods/);
  });
});
