import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../../../src/host/node-host.ts';
import type { AgentPod, AgentStatus } from '../../../src/kube/agent-socket.ts';
import { bootstrapProgram, eventually } from './command.ts';
import { type RuntimeUnderTest, runtimeFlags } from './engine.ts';

/** An agent in the foreground on a directory of manifests, in a root directory of its own. */
export class LoneAgent {
  readonly root = mkdtempSync(join(tmpdir(), 'agent-'));
  readonly #runtime: RuntimeUnderTest;
  readonly #archives: string;
  readonly #extra: readonly string[];
  #process: ChildProcess | undefined;

  constructor(runtime: RuntimeUnderTest, archives: string, extra: readonly string[] = []) {
    this.#runtime = runtime;
    this.#archives = archives;
    this.#extra = extra;
    mkdirSync(join(this.root, 'manifests'));
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** The arguments of the command that starts it. */
  arguments(): readonly string[] {
    const directory = join(this.root, 'manifests');
    return [
      ...['agent', '--pod-manifest-path', directory, '--root-dir', this.root, ...runtimeFlags(this.#runtime)],
      ...['--hostname-override', 'Node1', '--healthz-port', '0', '--image-archives', this.#archives],
      ...this.#extra,
    ];
  }

  /** What they are given to. */
  command(): readonly [string, ...string[]] {
    return [bootstrapProgram];
  }

  async start(): Promise<void> {
    const [program, ...words] = [...this.command(), ...this.arguments()];
    this.#process = spawn(program ?? '', words, { stdio: ['ignore', 'ignore', 'ignore'] });
    await eventually('the agent answers', () => this.status());
  }

  /** Ends the agent's process, with SIGTERM or SIGKILL, and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.root, 'manifests', name), text);
  }

  remove(name: string): void {
    rmSync(join(this.root, 'manifests', name));
  }

  async status(): Promise<AgentStatus> {
    const socketPath = join(this.root, 'run/bootstrap/agent.sock');
    const { body } = await nodeHost.request('http://agent/status', { socketPath, timeoutMs: 5000 });
    return JSON.parse(Buffer.from(body).toString()) as AgentStatus;
  }

  /** Waits until the pod is as the condition wants it. */
  pod(name: string, condition: (pod: AgentPod) => boolean = isRunning): Promise<AgentPod> {
    return eventually(`pod ${name} is as wanted`, async () => {
      const found = (await this.status()).pods.find(({ pod }) => pod.metadata.name === name);
      return found !== undefined && condition(found) ? found : undefined;
    });
  }

  /** Waits until nothing of the pod is left. */
  async gone(name: string): Promise<void> {
    await eventually(`pod ${name} is gone`, async () =>
      (await this.status()).pods.every(({ pod }) => pod.metadata.name !== name),
    );
  }

  owner(): string {
    return readFileSync(join(this.root, 'var/lib/bootstrap/owner'), 'utf8').trim();
  }

  /** Takes the pods down, ends the agent and removes its directory. */
  async destroy(): Promise<void> {
    // Files that are removed take their pods with them; a directory that is replaced does not.
    const directory = join(this.root, 'manifests');
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
    if (this.#process === undefined) await this.start();
    await eventually('all pods are gone', async () => (await this.status()).pods.length === 0, 60_000);
    await this.end('SIGTERM');
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function isRunning({ pod }: AgentPod): boolean {
  return (
    pod.status?.phase === 'Running' && pod.status.containerStatuses.every(({ state }) => state.running !== undefined)
  );
}

/** The only container's id as the runtime knows it, and how often it was restarted. */
export function containerOf({ pod }: AgentPod): { readonly id: string; readonly restarts: number } {
  const [status] = pod.status?.containerStatuses ?? [];
  return { id: status?.containerID?.replace(/^\w+:\/\//, '') ?? '', restarts: status?.restartCount ?? -1 };
}
