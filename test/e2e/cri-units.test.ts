/** The kubelet's unit files of a standalone machine with containerd, taken over word for word: only the program is another. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bootstrapProgram, eventually, expectCode } from './support/command.ts';
import { writeShellImage } from './support/shell-image.ts';
import { type LabNetwork, makeNetwork } from './support/worker-lab/namespace.ts';
import { Worker } from './support/worker-lab/worker.ts';

const image = 'docker.io/library/myapp:v1';

/** What the units' ExecStart says after the program; the second has the manifest flag's directory in a file. */
const units: Readonly<Record<string, string>> = {
  flags:
    '--container-runtime=remote --container-runtime-endpoint=unix:///var/run/containerd/containerd.sock ' +
    '--pod-manifest-path=/etc/kubernetes/manifests --kubeconfig=/var/lib/kubelet/kubeconfig ' +
    '--network-plugin=cni --register-node=true --v=2',
  file:
    '--container-runtime=remote --container-runtime-endpoint=unix:///var/run/containerd/containerd.sock ' +
    '--config=kubeconfig.yaml --kubeconfig=/var/lib/kubelet/kubeconfig ' +
    '--network-plugin=cni --register-node=true --v=2',
};

const pod = (name: string) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels:
    app: myapp
spec:
  terminationGracePeriodSeconds: 2
  containers:
  - name: myapp-container
    image: ${image}
    imagePullPolicy: Never
    command: ['/bin/sh', '-c', 'echo Hello Kubernetes!; trap "exit 0" TERM; sleep 1000000 & wait']
`;

describe('a unit file of the kubelet on containerd’s usual socket', () => {
  let network: LabNetwork;
  let machine: Worker;
  const at = (path: string) => join(machine.directory, path);

  before(async () => {
    network = await makeNetwork();
    machine = new Worker(network.worker);
    await machine.start(['pause']);
    const file = at('myapp.tar');
    await writeShellImage(image, file);
    expectCode(await machine.run('ctr', ['-n', 'k8s.io', 'images', 'import', file]), 0);
    // The machine's /etc/kubernetes.
    mkdirSync(at('etc/kubernetes/manifests'), { recursive: true });
    writeFileSync(at('etc/kubernetes/kubeconfig.yaml'), kubeletConfiguration);
  });
  after(async () => {
    await machine?.destroy();
    await network?.end();
  });

  for (const [unit, line] of Object.entries(units)) {
    test(`by ${unit}, without a kubeconfig: the pod runs, ctr shows it, and it goes with its file`, async () => {
      const name = `myapp-${unit}`;
      const ended = machine.run('sh', ['-c', `cd /etc/kubernetes && exec ${bootstrapProgram} agent ${line}`]);
      writeFileSync(at(`etc/kubernetes/manifests/${name}.yaml`), pod(name));
      const container = await eventually('ctr shows the container', async () => {
        const containers = await ctr('containers', 'list', `labels."io.kubernetes.pod.name"~="^${name}-"`);
        return containers.find(([, reference]) => reference === image);
      });
      const running = async () =>
        (await ctr('tasks', 'list')).some(([id, , state]) => id === container[0] && state === 'RUNNING');
      await eventually('its program runs', running);
      const logs = () => machine.run(bootstrapProgram, ['logs', name]);
      await eventually('it has said hello', async () => (await logs()).stdout === 'Hello Kubernetes!\n');
      const status = await machine.run(bootstrapProgram, ['status']);
      assert.match(status.stdout, new RegExp(`^${name}-\\S+ +1/1 +Running +0 `, 'm'));
      assert.match(status.stdout, /--kubeconfig \/var\/lib\/kubelet\/kubeconfig is not there/);
      assert.ok(!existsSync(at('var/lib/kubelet/kubeconfig')));

      expectCode(await machine.run('rm', [`/etc/kubernetes/manifests/${name}.yaml`]), 0);
      const gone = async () => (await ctr('containers', 'list', `labels."io.kubernetes.pod.name"~="^${name}-"`)).length;
      await eventually('nothing is left of it', async () => (await gone()) === 0);
      const lock = expectCode(await machine.run('cat', ['/run/bootstrap/agent.lock']), 0);
      const [pid = ''] = lock.stdout.split(' ');
      expectCode(await machine.run('kill', [pid]), 0);
      assert.equal((await ended).code, 0);
    });
  }

  /** The lines of a list that containerd's own program prints, as words. */
  async function ctr(...args: readonly string[]): Promise<readonly (readonly string[])[]> {
    const { stdout } = expectCode(await machine.run('ctr', ['-n', 'k8s.io', ...args]), 0);
    const lines = stdout.trim().split('\n').slice(1);
    return lines.map((text) => text.trim().split(/\s+/));
  }
});

const kubeletConfiguration = `kind: KubeletConfiguration
apiVersion: kubelet.config.k8s.io/v1beta1
staticPodPath: /etc/kubernetes/manifests
`;
