import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../../components/locations.ts';
import { bootstrapProgram, eventually, expectCode, type Ran } from './command.ts';
import { processesIn } from './processes.ts';
import { NetworkNamespace } from './worker-lab/namespace.ts';

/** A control plane of processes on a machine whose addresses a test changes: a network namespace with one interface. */
export class NetnsPlane {
  readonly root = mkdtempSync(join(tmpdir(), 'plane-'));
  readonly config = join(this.root, 'config.yaml');
  readonly #namespace: NetworkNamespace;

  private constructor(namespace: NetworkNamespace) {
    this.#namespace = namespace;
    writeFileSync(
      this.config,
      `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration:
  name: node1
---
apiVersion: kube-bootstrap/v1alpha1
kind: BootstrapConfiguration
runtime:
  type: process
rollout:
  settle: 300ms
`,
    );
  }

  static async make(): Promise<NetnsPlane> {
    const namespace = await NetworkNamespace.make();
    await namespace.ip('link add eth0 type veth peer name cable', 'link set cable up', 'link set eth0 up');
    return new NetnsPlane(namespace);
  }

  /** Runs `ip` there, a few words a line. */
  ip(...lines: readonly string[]): Promise<void> {
    return this.#namespace.ip(...lines);
  }

  path(path: string): string {
    return join(this.root, path);
  }

  init(): Promise<Ran> {
    return this.bootstrap(['init', '--config', this.config]);
  }

  bootstrap(args: readonly string[]): Promise<Ran> {
    return this.#namespace.run(bootstrapProgram, [...args, '--root-dir', this.root], { timeoutMs: 240_000 });
  }

  kubectl(args: readonly string[]): Promise<Ran> {
    const admin = this.path('etc/kubernetes/admin.conf');
    return this.#namespace.run(program('kubectl'), ['--kubeconfig', admin, ...args], {
      env: { KUBECACHEDIR: this.path('kubectl-cache') },
    });
  }

  /** What a power cut leaves: nothing that runs. */
  async kill(): Promise<void> {
    await eventually('nothing runs there', () => {
      const pids = processesIn(this.#namespace.path).filter((pid) => pid !== this.#namespace.pid);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      return pids.length === 0;
    });
  }

  async destroy(): Promise<void> {
    const ran = await this.bootstrap(['reset', '--force']);
    await this.#namespace.end();
    rmSync(this.root, { recursive: true, force: true });
    expectCode(ran, 0);
  }
}
