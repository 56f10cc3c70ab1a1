import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../components/locations.ts';
import { eventually, run } from '../e2e/support/command.ts';

/** An unmodified kubelet without an API server, on a directory of static pods and somebody's containerd. */
export class StockKubelet {
  readonly name = 'kubelet';
  readonly #root = mkdtempSync(join(tmpdir(), 'kubelet-'));
  readonly manifests = join(this.#root, 'manifests');
  readonly #cgroup = `bench-kubelet-${process.pid}`;
  #process: ChildProcess | undefined;

  constructor(socketPath: string) {
    for (const name of ['manifests', 'state', 'pod-logs', 'var-log']) mkdirSync(join(this.#root, name));
    writeFileSync(join(this.#root, 'kubelet.yaml'), this.#configuration(socketPath));
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** In a mount namespace of its own: it links logs below /var/log/containers, a path that nothing changes. */
  async start(): Promise<void> {
    this.#makeCgroups();
    const words = ['--config', join(this.#root, 'kubelet.yaml'), '--root-dir', join(this.#root, 'state')];
    const script = `mount --make-rprivate / && mount --bind ${this.#root}/var-log /var/log && exec "$@"`;
    const log = openSync(join(this.#root, 'kubelet.log'), 'a');
    const command = [program('kubelet'), ...words, '--hostname-override', 'node1'];
    this.#process = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command], {
      stdio: ['ignore', log, log],
    });
  }

  async end(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }

  async destroy(): Promise<void> {
    await this.end();
    await eventually('the cgroups of the kubelet are gone', async () => {
      const groups = globSync(`/sys/fs/cgroup/*/${this.#cgroup}`);
      if (groups.length > 0) await run('find', [...groups, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']);
      return groups.length === 0;
    });
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** Everything as it comes, but for what this machine asks of a kubelet: cgroup v1 and no systemd. */
  #configuration(socketPath: string): string {
    return `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: ${this.manifests}
containerRuntimeEndpoint: unix://${socketPath}
podLogsDir: ${this.#root}/pod-logs
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
cgroupRoot: /${this.#cgroup}
enableServer: false
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
`;
  }

  #makeCgroups(): void {
    for (const controller of globSync('/sys/fs/cgroup/*/'))
      mkdirSync(join(controller, this.#cgroup), { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const above = join('/sys/fs/cgroup/cpuset', file);
      if (existsSync(above)) copyFileSync(above, join('/sys/fs/cgroup/cpuset', this.#cgroup, file));
    }
  }
}
