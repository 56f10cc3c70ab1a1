import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { CriClient } from '../../../src/runtime/cri/client.ts';
import { archive } from '../../components/locations.ts';
import { eventually, expectCode, run } from './command.ts';
import { containerdConfiguration, networkConfiguration, pause } from './containerd-configuration.ts';
import { endShims } from './containerd-shims.ts';

export type OwnContainerdOptions = {
  /** Where everything of it lies and stays; otherwise a temporary directory that goes with it. */
  readonly directory?: string;
  /** The network namespace that it runs in, as a path. */
  readonly network?: string;
  /** The plugins of the pods' network; none at all when empty. By default a veth pair for each pod. */
  readonly plugins?: readonly object[];
  /** More lines of the configuration's CRI section. */
  readonly criSettings?: string;
  /** What it is told to make sandboxes from, in place of the image that it is given. */
  readonly sandboxImage?: string;
};

/** The distribution's containerd, with root, state, socket, configuration and pod network of a test's own. */
export class OwnContainerd {
  readonly directory: string;
  readonly #options: OwnContainerdOptions;
  #process: ChildProcess | undefined;

  constructor(options: OwnContainerdOptions = {}) {
    this.#options = options;
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), 'containerd-'));
  }

  get socketPath(): string {
    return this.at('containerd.sock');
  }

  get endpoint(): string {
    return `unix://${this.socketPath}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** A path below its directory: `root`, `state`, `net.d`, `containerd.log`, … */
  at(name: string): string {
    return join(this.directory, name);
  }

  /** Starts it, or starts it again beside the pods that run; it answers then and has the sandbox image. */
  async start(): Promise<void> {
    this.#configure();
    const log = openSync(this.at('containerd.log'), 'a');
    const { network } = this.#options;
    const inside = network === undefined ? [] : ['nsenter', `--net=${network}`];
    // A test that is killed shall not leave it behind.
    const [program = '', ...words] = [...inside, 'setpriv', '--pdeathsig', 'KILL', 'containerd'];
    const options = ['--config', this.at('config.toml'), '--log-level', 'warn'];
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    this.#process = spawn(program, [...words, ...options], { stdio: ['ignore', log, log], env });
    closeSync(log);
    // A test that has run to its end shall end, whatever it forgot.
    this.#process.unref();
    try {
      await this.asked((client) => eventually('containerd answers', () => client.call('Version', {}, asking)));
      if (!(await this.hasImage(pause))) await this.importImage(archive(pause));
    } catch (thrown) {
      throw new Error(`${String(thrown)}\n${this.log()}`);
    }
  }

  /** Ends it; its pods run on. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** SIGSTOP: it accepts connections and answers none; SIGCONT goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal);
  }

  /** The end of what it said. */
  log(): string {
    const file = this.at('containerd.log');
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-4000) : '';
  }

  /** What containerd's own program prints about the namespace of CRI. */
  async ctr(...args: readonly string[]): Promise<string> {
    const words = ['--address', this.socketPath, '--namespace', 'k8s.io', ...args];
    return expectCode(await run('ctr', words), 0).stdout.trim();
  }

  async hasImage(reference: string): Promise<boolean> {
    return (await this.ctr('images', 'list', '-q')).split('\n').includes(reference);
  }

  /** Takes up an archive as `docker save` writes it. */
  async importImage(file: string): Promise<void> {
    await this.ctr('images', 'import', file);
  }

  /** A client for one purpose. */
  async asked<T>(purpose: (client: CriClient) => Promise<T>): Promise<T> {
    const client = new CriClient({ socketPath: this.socketPath, clock: systemClock });
    try {
      return await purpose(client);
    } finally {
      client.close();
    }
  }

  /** Stops and removes all pods there are. */
  removePods(): Promise<void> {
    return this.asked(async (client) => {
      const { items } = await client.call('ListPodSandbox', {}, asking);
      const remove = async ({ id }: { readonly id: string }) => {
        await client.call('StopPodSandbox', { podSandboxId: id }, asking);
        await client.call('RemovePodSandbox', { podSandboxId: id }, asking);
      };
      await Promise.all(items.map(remove));
    });
  }

  /** Ends it in whatever state it is, with all pods, mounts, and the directory if that is a temporary one. */
  async destroy(): Promise<void> {
    this.signal('SIGCONT');
    try {
      if (this.#process?.exitCode !== null || this.#process.signalCode !== null) await this.start();
      await this.removePods();
    } catch {
      // Its pods are ended below then.
    }
    await this.stop('SIGKILL');
    this.abandon();
    if (this.#options.directory === undefined) rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Ends at once what is there of it, as an exit handler can. */
  abandon(): void {
    this.#process?.kill('SIGKILL');
    endShims(this.socketPath);
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const paths = mounts.flatMap((line) => line.split(' ')[1] ?? []);
    const own = paths.filter((path) => path.startsWith(`${this.directory}/`));
    if (own.length > 0) spawnSync('umount', ['--lazy', ...own.reverse()]);
  }

  #configure(): void {
    const { plugins, criSettings = '', sandboxImage } = this.#options;
    mkdirSync(this.at('net.d'), { recursive: true, mode: 0o700 });
    writeFileSync(this.at('config.toml'), containerdConfiguration(this.directory, criSettings, sandboxImage));
    const network = networkConfiguration(this.directory, plugins);
    if (network === undefined) rmSync(this.at('net.d/10-test.conflist'), { force: true });
    else writeFileSync(this.at('net.d/10-test.conflist'), network);
  }
}

const asking = { what: 'cannot ask the containerd of the test', timeoutMs: 30_000 } as const;
