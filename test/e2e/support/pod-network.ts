import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import { archive } from '../../components/locations.ts';
import { agnhost } from './agnhost-pods.ts';
import { bootstrapProgram, eventually, expectCode, type Ran, run } from './command.ts';
import { isRunning, LoneAgent } from './lone-agent.ts';
import { OwnContainerd } from './own-containerd.ts';
import { NetworkNamespace } from './worker-lab/namespace.ts';

const patienceMs = 90_000;

/** An agent whose pods are web servers with a network of their own, and what a test reaches them from. */
abstract class WebPods extends LoneAgent {
  constructor(runtime: 'docker' | 'cri') {
    super(runtime, dirname(archive('agnhost')), ['--log-file', '/dev/null']);
  }

  /** Runs a program on the machine that the pods are on. */
  abstract onMachine(command: string, args: readonly string[]): Promise<Ran>;
  /** Runs a program in a pod's container. */
  abstract inContainer(id: string, command: readonly string[]): Promise<void>;

  /** A pod of one server on port 8080, which tells the name of its host. */
  add(name: string, spec: { readonly hostNetwork?: boolean } = {}, hostPort?: number): void {
    const server = {
      name: 'app',
      image: agnhost,
      imagePullPolicy: 'IfNotPresent',
      args: ['netexec', '--http-port=8080', '--udp-port=-1'],
      ports: [{ containerPort: 8080, ...(hostPort === undefined ? {} : { hostPort }) }],
      ...(spec.hostNetwork === true ? { args: ['pause'], ports: [] } : {}),
    };
    const whole = { terminationGracePeriodSeconds: 1, containers: [server], ...spec };
    this.write(`${name}.yaml`, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: whole }));
  }

  override pod(name: string, condition: (pod: AgentPod) => boolean = isRunning): Promise<AgentPod> {
    return this.eventually(`pod ${name} is as wanted`, async () => {
      const found = await this.now(name);
      return found !== undefined && condition(found) ? found : undefined;
    });
  }

  override async gone(name: string): Promise<void> {
    await this.eventually(`pod ${name} is gone`, async () => (await this.now(name)) === undefined || undefined);
  }

  /** As everywhere, with the patience that a busy machine needs. */
  eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
    return eventually(what, probe, patienceMs);
  }

  /** The pod as the agent has it now. */
  async now(name: string): Promise<AgentPod | undefined> {
    return (await this.status()).pods.find(({ pod }) => pod.metadata.name === name);
  }

  /** Waits until it runs and gives its address and its container. */
  async up(name: string): Promise<{ readonly ip: string; readonly id: string }> {
    const { pod } = await this.pod(`${name}-node1`);
    const id = pod.status?.containerStatuses[0]?.containerID?.replace(/^\w+:\/\//, '') ?? '';
    return { ip: pod.status?.podIP ?? '', id };
  }

  /** Waits until one pod reaches the other's server. */
  async reaches(from: string, to: string): Promise<void> {
    const [{ id }, { ip }] = [await this.up(from), await this.up(to)];
    const command = ['/agnhost', 'connect', `${ip}:8080`, '--timeout=2s'];
    await this.eventually(`${from} reaches ${to}`, async () => {
      await this.inContainer(id, command);
      return true;
    });
  }

  /** Waits until the server answers on the machine at this address; gives the name that it tells. */
  answer(address: string): Promise<string> {
    const script = `fetch('http://${address}/hostname', { signal: AbortSignal.timeout(2000) })
      .then((answer) => answer.text()).then(console.log)`;
    return this.eventually(`${address} answers`, async () =>
      expectCode(await this.onMachine(process.execPath, ['--eval', script]), 0).stdout.trim(),
    );
  }
}

/** On the machine's Docker Engine, whose bridge the pods are on. */
export class DockerWebPods extends WebPods {
  constructor() {
    super('docker');
  }

  onMachine(command: string, args: readonly string[]): Promise<Ran> {
    return run(command, args);
  }

  async inContainer(id: string, command: readonly string[]): Promise<void> {
    expectCode(await run('docker', ['exec', id, ...command]), 0);
  }
}

/**
 * On a containerd of its own in a network namespace of its own: whatever CNI makes there is gone with it. It has no CNI
 * configuration at first, and looks for one where `bootstrap` writes it below this root directory.
 */
export class ContainerdWebPods extends WebPods {
  readonly #network: NetworkNamespace;
  readonly containerd: OwnContainerd;

  private constructor(network: NetworkNamespace) {
    super('cri');
    this.#network = network;
    this.containerd = new OwnContainerd({ network: network.path, plugins: [] });
  }

  static async make(): Promise<ContainerdWebPods> {
    const network = await NetworkNamespace.make();
    const pods = new ContainerdWebPods(network);
    mkdirSync(join(pods.root, 'etc/cni'), { recursive: true });
    symlinkSync(pods.containerd.at('net.d'), join(pods.root, 'etc/cni/net.d'));
    // As on a machine that routes, and beside a Docker Engine, which lets nothing through but what is its own.
    const settings = ['net.ipv4.ip_forward=1', 'net.bridge.bridge-nf-call-iptables=1'];
    expectCode(await network.run('sysctl', ['-eqw', ...settings]), 0);
    expectCode(await network.run('iptables', ['--policy', 'FORWARD', 'DROP']), 0);
    // An address that is not loopback.
    await network.ip('addr add 192.0.2.1/32 dev lo');
    await pods.containerd.start();
    await pods.containerd.importImage(archive('agnhost'));
    return pods;
  }

  override command(): readonly [string, ...string[]] {
    return ['nsenter', `--net=${this.#network.path}`, ...super.command()];
  }

  override arguments(): readonly string[] {
    return [...super.arguments(), '--container-runtime-endpoint', this.containerd.endpoint];
  }

  /** Runs `bootstrap` for this root directory on that machine. */
  bootstrap(...args: readonly string[]): Promise<Ran> {
    return this.onMachine(bootstrapProgram, [...args, '--root-dir', this.root]);
  }

  onMachine(command: string, args: readonly string[]): Promise<Ran> {
    const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    return this.#network.run(command, args, { env });
  }

  inContainer(id: string, command: readonly string[]): Promise<void> {
    return this.containerd.asked(async (client) => {
      const request = { containerId: id, cmd: command, timeout: 10 };
      const { exitCode, stderr } = await client.call('ExecSync', request, { what: 'cannot run a program' });
      if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${Buffer.from(stderr).toString()}`);
    });
  }

  /** Waits until containerd, which looks at its files by itself, has read a configuration with these words. */
  async hasRead(words: string): Promise<void> {
    await this.eventually(`containerd has read ${words}`, () =>
      this.containerd.asked(async (client) => {
        const { info } = await client.call('Status', { verbose: true }, { what: 'cannot ask' });
        return info.cniconfig?.includes(words) || undefined;
      }),
    );
  }

  /** How many sandboxes containerd has of a pod, dead ones too. */
  sandboxes(name: string): Promise<number> {
    return this.containerd.asked(async (client) => {
      const { items } = await client.call('ListPodSandbox', {}, { what: 'cannot list' });
      return items.filter(({ labels }) => labels['io.kubernetes.pod.name'] === `${name}-node1`).length;
    });
  }

  override async destroy(): Promise<void> {
    try {
      await super.destroy();
    } finally {
      await this.end('SIGKILL');
      await this.containerd.destroy();
      await this.#network.end();
    }
  }
}
