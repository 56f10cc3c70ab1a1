import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerStatus } from '../../../src/kube/types.ts';
import { program } from '../../components/locations.ts';
import { bootstrap, expectCode, type Ran, run } from './command.ts';
import { type EngineContainer, engineOf, type RuntimeUnderTest } from './engine.ts';

let planes = 0;

/** A control plane in a directory of its own with ports of its own, so that nothing on the machine is in its way. */
export class Plane {
  readonly root: string;
  readonly runtime: RuntimeUnderTest;
  readonly config: string;
  readonly ports: Readonly<Record<string, number>>;

  constructor(runtime: RuntimeUnderTest, options: { readonly cluster?: string; readonly documents?: string } = {}) {
    this.runtime = runtime;
    this.root = mkdtempSync(join(tmpdir(), 'plane-'));
    planes += 1;
    // Below the ephemeral ports (32768 and up), which any connection may hold.
    const base = 11_000 + (process.pid % 500) * 40 + planes * 10;
    this.ports = {
      apiServer: base,
      etcdClient: base + 1,
      etcdPeer: base + 2,
      etcdMetrics: base + 3,
      controllerManager: base + 4,
      scheduler: base + 5,
      agentHealth: base + 6,
      kubeletApi: base + 7,
    };
    this.config = join(this.root, 'config.yaml');
    this.writeConfig(options);
  }

  writeConfig(options: { readonly init?: string; readonly cluster?: string; readonly documents?: string } = {}): void {
    const { apiServer, ...ours } = this.ports;
    const lines = Object.entries(ours).map(([name, port]) => `  ${name}: ${port}`);
    const text = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration:
  name: node1
localAPIEndpoint:
  advertiseAddress: 127.0.0.1
  bindPort: ${apiServer}
${options.init ?? ''}---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
${options.cluster ?? ''}
---
apiVersion: kube-bootstrap/v1alpha1
kind: BootstrapConfiguration
runtime:
  type: ${this.runtime}
${this.runtime === 'cri' ? `  endpoint: ${engineOf('cri').endpoint}\n` : ''}ports:
${lines.join('\n')}
${options.documents ?? ''}`;
    writeFileSync(this.config, text);
  }

  path(path: string): string {
    return join(this.root, path);
  }

  manifest(component: string): string {
    return this.path(`etc/kubernetes/manifests/${component}.yaml`);
  }

  init(args: readonly string[] = [], options: Parameters<typeof run>[2] = {}): Promise<Ran> {
    return bootstrap(['init', '--config', this.config, '--root-dir', this.root, ...args], options);
  }

  bootstrap(args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<Ran> {
    return bootstrap([...args, '--root-dir', this.root], options);
  }

  kubectl(args: readonly string[], input?: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return run(program('kubectl'), ['--kubeconfig', this.path('etc/kubernetes/admin.conf'), ...args], {
      ...(input === undefined ? {} : { input }),
      // kubectl's discovery cache belongs to the plane.
      env: { KUBECACHEDIR: this.path('kubectl-cache'), ...env },
    });
  }

  async status(): Promise<PlaneStatus> {
    const ran = await this.bootstrap(['status', '-o', 'json']);
    // 1 says that something is not ready.
    if (ran.code !== 1) expectCode(ran, 0);
    return JSON.parse(ran.stdout) as PlaneStatus;
  }

  /** What the engine has of this plane, or of the one whose owner is `prefix` and this plane's. */
  async inEngine(prefix = ''): Promise<readonly EngineContainer[]> {
    const file = this.path('var/lib/bootstrap/owner');
    if (this.runtime === 'process' || !existsSync(file)) return [];
    const owner = prefix + readFileSync(file, 'utf8').trim();
    return engineOf(this.runtime).find({ 'kube-bootstrap/owner': owner });
  }

  agentPid(): number {
    const text = readFileSync(this.path('run/bootstrap/agent.lock'), 'utf8');
    return Number(/\d+/.exec(text)?.[0]);
  }

  /** Stops everything of this plane and removes its directory; also after half an init. */
  async destroy(): Promise<void> {
    const ran = await this.bootstrap(['reset', '--force']);
    rmSync(this.root, { recursive: true, force: true });
    expectCode(ran, 0);
  }

  /** An empty directory beside, below the plane's root. */
  scratch(name: string): string {
    const directory = this.path(`scratch-${name}`);
    mkdirSync(directory, { recursive: true });
    return directory;
  }
}

/** What these tests read of `bootstrap status -o json`. */
export type PlaneStatus = {
  readonly ready: boolean;
  readonly agent: { readonly running: boolean; readonly pid?: number };
  readonly pods: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly ready: boolean;
    readonly status: { readonly phase: string; readonly containerStatuses: readonly ContainerStatus[] };
  }[];
};

/** Container ids by pod name. */
export function containerIds(status: PlaneStatus): Readonly<Record<string, string>> {
  return Object.fromEntries(
    status.pods.map((pod) => [pod.name, pod.status.containerStatuses.map(({ containerID }) => containerID).join()]),
  );
}

/** How often each pod's containers have been restarted, by pod name. */
export function restarts(status: PlaneStatus): Readonly<Record<string, number>> {
  return Object.fromEntries(
    status.pods.map((pod) => [
      pod.name,
      pod.status.containerStatuses.reduce((total, { restartCount }) => total + restartCount, 0),
    ]),
  );
}
