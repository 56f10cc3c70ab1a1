import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { archive, program } from '../../../components/locations.ts';
import { eventually, expectCode, type Ran, run } from '../command.ts';
import { addresses, type NetworkNamespace } from './namespace.ts';

const containerdConfiguration = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE no pod could have an oom_score_adj below the machine's own.
  restrict_oom_score_adj = true
  sandbox_image = "registry.k8s.io/pause:3.10.2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
`;

const networkConfiguration = {
  cniVersion: '1.0.0',
  name: 'lab',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: addresses.workerPods }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

/**
 * A machine with containerd and an unmodified kubelet, in namespaces of its own (network, mount, UTS, IPC, PID, cgroup);
 * `worker.sh` beside this file is its init. Nothing of it outlives `destroy`.
 */
export class Worker {
  readonly name: string;
  readonly directory: string;
  readonly #network: NetworkNamespace;
  #outer: ChildProcess | undefined;
  #madeModules = false;

  constructor(network: NetworkNamespace) {
    this.#network = network;
    this.name = `worker-${process.pid}`;
    this.directory = mkdtempSync(join(tmpdir(), 'worker-'));
  }

  /** Boots it and imports images, by reference or name; containerd answers then, kubelet waits for kubeadm. */
  async start(images: readonly string[]): Promise<void> {
    this.#configure();
    const log = openSync(join(this.directory, 'init.log'), 'a');
    const script = join(import.meta.dirname, 'worker.sh');
    const words = [script, 'enter', this.name, this.directory, this.#programs()];
    this.#outer = spawn('nsenter', [`--net=${this.#network.path}`, ...words], { stdio: ['ignore', log, log] });
    try {
      await eventually('containerd answers', async () => (await this.run('ctr', ['version'])).code === 0 || undefined);
    } catch (thrown) {
      throw new Error(`${String(thrown)}\n${this.logs()}`);
    }
    for (const image of images) {
      expectCode(await this.run('ctr', ['--namespace', 'k8s.io', 'images', 'import', archive(image)]), 0);
    }
  }

  /** Runs a program inside. */
  run(command: string, args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<Ran> {
    const inside = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
    const PATH = `${import.meta.dirname}:${this.#programs()}:${process.env.PATH}:/usr/sbin:/sbin`;
    const env = { ...options.env, PATH };
    return run('nsenter', ['--target', String(this.#init()), ...inside, '--', command, ...args], { ...options, env });
  }

  /** What its services have said, the last of it. */
  logs(): string {
    return ['init', 'containerd', 'kubelet']
      .map((service) => join(this.directory, `${service}.log`))
      .map((path) => `--- ${path}\n${existsSync(path) ? readFileSync(path, 'utf8').slice(-4000) : ''}`)
      .join('\n');
  }

  async destroy(): Promise<void> {
    const namespace = this.#pidNamespace();
    // Its init ignores SIGTERM; --kill-child takes it, and its namespace, with the outer process.
    this.#outer?.kill('SIGKILL');
    if (namespace !== undefined) {
      await eventually('all processes of the worker are gone', () => !pidsIn(namespace) || undefined);
    }
    await eventually('its cgroups are gone', () => removeCgroups(this.name));
    if (this.#madeModules) rmdirSync('/lib/modules');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #configure(): void {
    // Where kube-proxy's hostPath is missing containerd would make it, on the machine.
    this.#madeModules = !existsSync('/lib/modules');
    mkdirSync('/lib/modules', { recursive: true });
    const hosts = `127.0.0.1 localhost\n${addresses.worker} ${this.name}\n${addresses.controlPlane} cp\n`;
    writeFileSync(join(this.directory, 'containerd.toml'), containerdConfiguration);
    writeFileSync(join(this.directory, 'network.conflist'), JSON.stringify(networkConfiguration));
    writeFileSync(join(this.directory, 'hosts'), hosts);
  }

  #programs(): string {
    return dirname(program('kubelet'));
  }

  /** The worker's own pid 1, as this machine numbers it. */
  #init(): number {
    const pid = this.#outer?.pid;
    const children = pid === undefined ? '' : readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const init = Number(children.trim().split(' ')[0]);
    if (Number.isInteger(init) && init > 0) return init;
    throw new Error(`the worker has no init yet\n${this.logs()}`);
  }

  #pidNamespace(): string | undefined {
    try {
      return readlinkSync(`/proc/${this.#init()}/ns/pid`);
    } catch {
      return undefined;
    }
  }
}

function pidsIn(namespace: string): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && lives(name, namespace));
}

function lives(pid: string, namespace: string): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== namespace) return false;
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Deepest first, in each hierarchy; undefined while one of them is still in use. */
function removeCgroups(name: string): true | undefined {
  const tops = readdirSync('/sys/fs/cgroup').map((controller) => join('/sys/fs/cgroup', controller, name));
  for (const top of tops.filter((path) => existsSync(path))) removeCgroup(top);
  return tops.some((path) => existsSync(path)) ? undefined : true;
}

function removeCgroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  rmdirSync(path);
}
