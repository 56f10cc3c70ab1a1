import { type ChildProcess, spawn } from 'node:child_process';
import { eventually, expectCode, type Ran, run } from '../command.ts';

type RunOptions = Parameters<typeof run>[2];

/** A network namespace that lives as long as a sleeping process of its own: a test that is killed leaves none behind. */
export class NetworkNamespace {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async make(): Promise<NetworkNamespace> {
    const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
    const made = new NetworkNamespace(holder);
    await eventually('the network namespace is there', async () => {
      const [own, other] = await Promise.all(['self', String(holder.pid)].map(namespaceOf));
      return (other !== '' && own !== other) || undefined;
    });
    expectCode(await made.run('ip', ['link', 'set', 'lo', 'up']), 0);
    return made;
  }

  /** As other programs name it. */
  get path(): string {
    return `/proc/${this.#holder.pid}/ns/net`;
  }

  run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return run('nsenter', [`--net=${this.path}`, command, ...args], options);
  }

  /** Runs `ip`, a few words a line. */
  async ip(...lines: readonly string[]): Promise<void> {
    for (const line of lines) expectCode(await this.run('ip', line.split(' ')), 0);
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.#holder.once('exit', resolve));
    if (this.#holder.exitCode !== null || !this.#holder.kill('SIGKILL')) return;
    await gone;
  }

  /** The process that holds it, for `ip link … netns PID`. */
  get pid(): number {
    return this.#holder.pid ?? 0;
  }
}

async function namespaceOf(pid: string): Promise<string> {
  return (await run('readlink', [`/proc/${pid}/ns/net`])).stdout.trim();
}

/** The addresses in the lab's network; nothing outside its namespaces sees them. */
export const addresses = { controlPlane: '10.8.0.2', worker: '10.8.0.3', workerPods: '10.244.0.0/24' } as const;

export type LabNetwork = {
  readonly controlPlane: NetworkNamespace;
  readonly worker: NetworkNamespace;
  end(): Promise<void>;
};

/**
 * Two machines on one bridge. The bridge is in a namespace of its own: in the machine's, Docker's rules for bridged
 * packets (FORWARD DROP with bridge-nf-call-iptables) would let ARP through and drop TCP.
 */
export async function makeNetwork(): Promise<LabNetwork> {
  const [bridge, controlPlane, worker] = await Promise.all([1, 2, 3].map(() => NetworkNamespace.make()));
  if (bridge === undefined || controlPlane === undefined || worker === undefined) throw new Error('unreachable');
  await bridge.ip('link add br0 type bridge', 'link set br0 up');
  for (const [name, namespace, address] of [
    ['cp', controlPlane, addresses.controlPlane],
    ['worker', worker, addresses.worker],
  ] as const) {
    await bridge.ip(
      `link add ${name} type veth peer name eth0 netns ${namespace.pid}`,
      `link set ${name} master br0 up`,
    );
    await namespace.ip(`addr add ${address}/24 dev eth0`, 'link set eth0 up');
  }
  await controlPlane.ip(`route add ${addresses.workerPods} via ${addresses.worker}`);
  await worker.ip(`route add default via ${addresses.controlPlane}`);
  const forwarding = ['net.ipv4.ip_forward=1', 'net.bridge.bridge-nf-call-iptables=1'];
  expectCode(await worker.run('sysctl', ['-eqw', ...forwarding]), 0);
  const all = [worker, controlPlane, bridge];
  return { controlPlane, worker, end: async () => void (await Promise.all(all.map((item) => item.end()))) };
}
