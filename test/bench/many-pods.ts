import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, expectCode, run } from '../e2e/support/command.ts';
import type { RuntimeUnderTest } from '../e2e/support/engine.ts';
import { containerOf, LoneAgent } from '../e2e/support/lone-agent.ts';
import { memoryOf } from '../e2e/support/processes.ts';
import { writeShellImage } from '../e2e/support/shell-image.ts';
import { appear } from './appears.ts';
import { type Call, EngineTap } from './engine-tap.ts';

/** A lone agent and pods that say by a file that they run; their programs take a second to stop when told so. */
export class ManyPods {
  readonly runtime: RuntimeUnderTest;
  readonly reference = `kube-bootstrap.test/bench:${process.pid}`;
  readonly root = mkdtempSync(join(tmpdir(), 'bench-'));
  readonly #out = join(this.root, 'out');
  readonly #agent: LoneAgent;
  readonly #tap: EngineTap | undefined;
  #round = 0;

  constructor(runtime: RuntimeUnderTest) {
    this.runtime = runtime;
    this.#tap =
      runtime === 'docker' ? new EngineTap(join(this.root, 'engine.sock'), '/var/run/docker.sock') : undefined;
    const endpoint = this.#tap === undefined ? [] : ['--container-runtime-endpoint', `unix://${this.#tap.path}`];
    this.#agent = new LoneAgent(runtime, this.root, endpoint);
  }

  get agentPid(): number {
    return this.#agent.pid;
  }

  async begin(): Promise<void> {
    mkdirSync(this.#out);
    const archive = join(this.root, 'bench.tar');
    await writeShellImage(this.reference, archive);
    if (this.runtime === 'docker') expectCode(await run('docker', ['load', '-i', archive]), 0);
    await this.#tap?.listen();
    await this.#agent.start();
    // The first pod also finds the images; no sample.
    await this.#timeUntil(['warm-up']);
    await this.timeUntilAllGone();
  }

  async end(): Promise<void> {
    await this.#agent.destroy();
    this.#tap?.close();
    if (this.runtime === 'docker') await run('docker', ['rmi', this.reference]);
    rmSync(this.root, { recursive: true, force: true });
  }

  /** From the first file moved in to the last program running, in ms; programs that stop at once. */
  timeUntilAllRun(count: number): Promise<number> {
    return this.#timeUntil(Array.from({ length: count }, (_, index) => podName(index)));
  }

  async timeUntilAllGone(): Promise<number> {
    const directory = join(this.#agent.root, 'manifests');
    const begun = performance.now();
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    await eventually('all pods are gone', async () => (await this.#agent.status()).pods.length === 0, 120_000);
    return performance.now() - begun;
  }

  /** A running pod's program is made to take a second to stop, then the file is changed: until the new program runs. */
  async timeEdit(index: number): Promise<number> {
    await this.#timeUntil([podName(index)], 'sleep 1; ');
    return this.#timeUntil([podName(index)], 'sleep 1; ');
  }

  /** From a new file to the first request to the engine; undefined on a runtime without one. */
  async timeFirstCall(name: string): Promise<number | undefined> {
    if (this.#tap === undefined) return undefined;
    const begun = performance.now();
    await this.#timeUntil([name]);
    const call = this.#tap.since(begun);
    return call === undefined ? undefined : call.atMs - begun;
  }

  /** The program is killed: until it runs again, and until the engine was asked for that. */
  async timeCrash(index: number): Promise<{ readonly ms: number; readonly callMs: number | undefined }> {
    const name = podName(index);
    const pid = await this.#pidOf(name);
    rmSync(join(this.#out, this.#mark(name)));
    const begun = performance.now();
    process.kill(pid, 'SIGKILL');
    await appear(this.#out, [this.#mark(name)]);
    const ms = performance.now() - begun;
    const call = this.#tap?.since(begun, /^POST \/\S*containers\/create/);
    return { ms, callMs: call === undefined ? undefined : call.atMs - begun };
  }

  calls(): readonly Call[] {
    return this.#tap?.calls ?? [];
  }

  /** Private memory of the processes that hold the containers, in MiB altogether; undefined where there are none. */
  helperMemory(): number | undefined {
    if (this.runtime === 'docker') return undefined;
    const containers = join(this.#agent.root, 'var/lib/bootstrap/containers');
    const pids = readdirSync(containers)
      .map((name) => join(containers, name, 'helper'))
      .filter((file) => existsSync(file))
      .map((file) => Number.parseInt(readFileSync(file, 'utf8'), 10));
    return pids.reduce((sum, pid) => sum + memoryOf(pid).anonymous, 0);
  }

  /** Writes the manifests beside, moves them in, and waits until each program of that round has said that it runs. */
  async #timeUntil(names: readonly string[], beforeExit = ''): Promise<number> {
    this.#round += 1;
    const marks = names.map((name) => `${name}.${this.#round}`);
    for (const [index, name] of names.entries()) {
      this.#marks.set(name, marks[index] ?? '');
      writeFileSync(join(this.root, `${name}.yaml`), this.#manifest(name, marks[index] ?? '', beforeExit));
    }
    const begun = performance.now();
    for (const name of names) {
      renameSync(join(this.root, `${name}.yaml`), join(this.#agent.root, 'manifests', `${name}.yaml`));
    }
    await appear(this.#out, marks);
    return performance.now() - begun;
  }

  readonly #marks = new Map<string, string>();

  #mark(name: string): string {
    return this.#marks.get(name) ?? '';
  }

  #manifest(name: string, mark: string, beforeExit: string): string {
    const program = `trap "${beforeExit}exit 0" TERM; : > ${join(this.#out, mark)}; sleep 100000 & wait`;
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        hostNetwork: true,
        terminationGracePeriodSeconds: 5,
        containers: [
          {
            name: 'main',
            image: this.reference,
            command: ['/bin/sh', '-c', program],
            volumeMounts: [{ name: 'out', mountPath: this.#out }],
          },
        ],
        volumes: [{ name: 'out', hostPath: { path: this.#out } }],
      },
    };
    return `${JSON.stringify(pod)}\n`;
  }

  async #pidOf(name: string): Promise<number> {
    const { id } = containerOf(await this.#agent.pod(`${name}-node1`));
    if (this.runtime === 'docker') {
      return Number(expectCode(await run('docker', ['inspect', '-f', '{{.State.Pid}}', id]), 0).stdout);
    }
    const text = readFileSync(join(this.#agent.root, 'var/lib/bootstrap/containers', id, 'pid'), 'utf8');
    return Number(/\d+/.exec(text)?.[0]);
  }
}

function podName(index: number): string {
  return `pod-${String(index).padStart(2, '0')}`;
}
