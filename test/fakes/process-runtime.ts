import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import type { Host } from '../../src/host/host.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { createProcessRuntime } from '../../src/runtime/process/process-runtime.ts';
import type { ContainerConfig, ContainerRuntime, ObservedContainer } from '../../src/runtime/runtime.ts';
import { aTar, dockerArchive, temporaryFile } from './images.ts';
import { aContainerConfig, aSandboxConfig } from './process-pods.ts';

const pod = { name: 'app-node1', namespace: 'default', uid: 'u1' };

/** An image of the host's own shell and sleep, so that no other program is needed. */
export function toolsArchive(config: Readonly<Record<string, unknown>> = {}): Buffer {
  const program = (name: string) => {
    const path = [`/bin/${name}`, `/usr/bin/${name}`].find((candidate) => existsSync(candidate)) ?? `/bin/${name}`;
    return { path: `usr/bin/${name}`, content: readFileSync(realpathSync(path)), mode: 0o755 };
  };
  const layer = aTar([program('sh'), program('sleep'), program('cat'), { path: 'bin', type: '2', link: 'usr/bin' }]);
  return dockerArchive([{ tags: ['example.org/tools:1'], layers: [layer], config }]);
}

/** A process runtime on this machine in a directory of the test's own; whatever it runs is gone when the test ends. */
export async function aProcessRuntime(
  context: TestContext,
  options: {
    readonly host?: Partial<Host>;
    readonly imageConfig?: Record<string, unknown>;
  } = {},
) {
  const directory = mkdtempSync(join(tmpdir(), 'kube-bootstrap-test-'));
  const warnings: string[] = [];
  const log = { info() {}, warn: (line: string) => void warnings.push(line), error() {}, verbose() {} };
  const make = (host: Partial<Host> = {}) =>
    createProcessRuntime({
      host: { ...nodeHost, ...options.host, ...host },
      clock: systemClock,
      log,
      owner: 'owner-1',
      containersDir: join(directory, 'containers'),
      storeDir: join(directory, 'store'),
    });
  const runtime = make();
  await runtime.importArchive(temporaryFile(context, toolsArchive(options.imageConfig)));
  const sandbox = aSandboxConfig({ pod, logDirectory: join(directory, 'log') });
  const sandboxId = await runtime.createSandbox(sandbox);
  context.after(async () => {
    await runtime.removeSandbox(sandboxId);
    await runtime.close();
    // After the containers: hooks run in the order in which they were set.
    rmSync(directory, { recursive: true, force: true });
  });
  const config = (change: Partial<ContainerConfig>) => aContainerConfig({ logPath: logPath(change), ...change });
  const logPath = ({ name = 'app', attempt = 0 }: Partial<ContainerConfig>) =>
    join(directory, 'log', name, `${attempt}.log`);
  return {
    directory,
    runtime,
    warnings,
    sandboxId,
    /** Another instance on the same directories, as after a restart of the agent. */
    again: make,
    /** Starts `sh -c SCRIPT`. */
    run: (script: string, change: Partial<ContainerConfig> = {}) =>
      runtime.startContainer(sandboxId, sandbox, config({ command: ['sh', '-c', script], ...change })),
    log: (change: Partial<ContainerConfig> = {}) => readFileSync(logPath(change), 'utf8'),
    find: (id: string, by: ContainerRuntime = runtime) => findContainer(by, id),
    /** The pids of helper and program. */
    pids: (id: string) => ({
      helper: Number.parseInt(readFileSync(join(directory, 'containers', id, 'helper'), 'utf8'), 10),
      program: Number.parseInt(readFileSync(join(directory, 'containers', id, 'pid'), 'utf8'), 10),
    }),
    /** Resolves with the container when it has ended; looks at each event of the runtime, never by the clock. */
    ended: (id: string, by: ContainerRuntime = runtime) => ended(by, id),
  };
}

async function findContainer(runtime: ContainerRuntime, id: string): Promise<ObservedContainer | undefined> {
  const pods = await runtime.observePods({ namespace: pod.namespace, name: pod.name });
  return pods.flatMap(({ containers }) => containers).find((container) => container.id === id);
}

/** Waits for something on disk or in /proc that no event tells of. */
export async function until<T>(what: string, look: () => T | undefined | false | ''): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited 10 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether a process has ended, be it that nobody has asked for its exit code yet. */
export function hasEnded(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
  } catch {
    return true;
  }
}

async function ended(runtime: ContainerRuntime, id: string): Promise<ObservedContainer> {
  const abort = new AbortController();
  const events = runtime.events(abort.signal)[Symbol.asyncIterator]();
  // The watch alone does not keep this process going.
  const alive = setInterval(() => {}, 1000);
  try {
    for (;;) {
      await events.next();
      const container = await findContainer(runtime, id);
      if (container?.state === 'exited') return container;
    }
  } finally {
    clearInterval(alive);
    abort.abort();
  }
}
