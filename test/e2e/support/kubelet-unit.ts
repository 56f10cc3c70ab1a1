import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerStatus, Pod } from '../../../src/kube/types.ts';
import { bootstrap, bootstrapProgram, eventually, type Ran } from './command.ts';
import { type EngineContainer, engineOf, engineUnderTest } from './engine.ts';

/** An agent started as a kubelet's unit would, with a directory of its own; what it says is kept. */
export class KubeletUnit {
  readonly root = mkdtempSync(join(tmpdir(), 'standalone-'));
  readonly manifests = join(this.root, 'pods');
  readonly engine = engineOf(engineUnderTest);
  readonly #logFile = join(this.root, 'stderr.log');
  #process: ChildProcess | undefined;

  constructor() {
    mkdirSync(this.manifests);
  }

  /** Starts it with these flags and the root directory of its own; waits until `/healthz` says ok. */
  async start(flags: readonly string[], healthzPort: number): Promise<void> {
    const log = openSync(this.#logFile, 'a');
    const own = ['--root-dir', this.root, '--healthz-port', String(healthzPort)];
    this.#process = spawn(bootstrapProgram, ['agent', ...flags, ...own], { stdio: ['ignore', 'ignore', log] });
    await eventually('/healthz answers', async () => (await this.http(healthzPort, '/healthz')) === 'ok');
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends it and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.manifests, name), text);
  }

  remove(name: string): void {
    rmSync(join(this.manifests, name));
  }

  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  bootstrap(...args: readonly string[]): Promise<Ran> {
    return bootstrap([...args, '--root-dir', this.root]);
  }

  /** A command of ours that goes on; what it has printed so far, and its end. */
  follow(...args: readonly string[]): { printed(): string; end(): Promise<void> } {
    const file = join(this.root, 'followed.log');
    const child = spawn(bootstrapProgram, [...args, '--root-dir', this.root], {
      stdio: ['ignore', openSync(file, 'w'), 'ignore'],
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const end = () => {
      child.kill('SIGTERM');
      return ended;
    };
    return { printed: () => readFileSync(file, 'utf8'), end };
  }

  async http(port: number, path: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  }

  /** A pod in `/pods` of the read-only port, once it is as wanted. */
  pod(port: number, name: string, wanted: (pod: Pod) => boolean = isReady): Promise<Pod> {
    return eventually(`${name} is as wanted`, async () => {
      const { items } = JSON.parse(await this.http(port, '/pods')) as { items: readonly Pod[] };
      return items.find((pod) => pod.metadata.name === name && wanted(pod));
    });
  }

  /** Names of our containers in the engine, dead ones too, sorted. */
  async names(): Promise<readonly string[]> {
    return (await this.#containers()).map(({ name }) => name).sort();
  }

  #containers(): Promise<readonly EngineContainer[]> {
    const owner = readFileSync(join(this.root, 'var/lib/bootstrap/owner'), 'utf8').trim();
    return this.engine.find({ 'kube-bootstrap/owner': owner });
  }

  /** Kills a container's program behind the agent's back. */
  async kill(id: string): Promise<void> {
    const found = (await this.#containers()).find((one) => one.id === id);
    if (found?.pid !== undefined) process.kill(found.pid, 'SIGKILL');
  }

  /** Takes everything away, whatever state it is in. */
  async destroy(): Promise<void> {
    await this.end();
    // A sandbox may take its containers with it.
    await Promise.allSettled((await this.#containers()).map(({ id }) => this.engine.remove(id)));
    for (const name of readdirSync(this.root)) rmSync(join(this.root, name), { recursive: true, force: true });
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** The status of a container, init or not; throws when there is none. */
export function statusOf({ status }: Pod, name: string): ContainerStatus {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const found = all.find((container) => container.name === name);
  if (found === undefined) throw new Error(`there is no status of ${name}`);
  return found;
}

/** As the engine itself names it. */
export function idOf({ containerID = '' }: ContainerStatus): string {
  return containerID.replace(/^\w+:\/\//, '');
}
