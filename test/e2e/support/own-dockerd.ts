import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, run } from './command.ts';

/**
 * A Docker Engine of a test's own, to be stopped and hung at will. In a network namespace of its own: a dockerd without a
 * bridge takes the machine's docker0 away (moby removeDefaultBridgeInterface).
 */
export class OwnDockerd {
  readonly directory = mkdtempSync(join(tmpdir(), 'dockerd-'));
  readonly socketPath = join(this.directory, 'docker.sock');
  readonly #liveRestore: boolean;
  #process: ChildProcess | undefined;

  constructor(liveRestore: boolean) {
    this.#liveRestore = liveRestore;
  }

  async start(): Promise<void> {
    const at = (name: string) => join(this.directory, name);
    const options = [
      ...['--host', `unix://${this.socketPath}`, '--data-root', at('data'), '--exec-root', at('exec')],
      ...['--pidfile', at('pid'), '--bridge=none', '--iptables=false', '--log-level=error'],
      ...(this.#liveRestore ? ['--live-restore'] : []),
    ];
    const log = openSync(at('log'), 'a');
    const words = ['--net', 'sh', '-c', 'ip link set lo up; exec dockerd "$@"', 'dockerd', ...options];
    this.#process = spawn('unshare', words, { stdio: ['ignore', log, log] });
    closeSync(log);
    try {
      await eventually('dockerd answers', () => this.docker('version'), 60_000);
    } catch (thrown) {
      throw new Error(`${String(thrown)}\n${readFileSync(at('log'), 'utf8').slice(-2000)}`);
    }
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }

  /** SIGSTOP: it accepts connections and answers none; SIGCONT goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal);
  }

  async docker(...args: readonly string[]): Promise<string> {
    const words = ['--host', `unix://${this.socketPath}`, ...args];
    const { stdout } = await promisify(execFile)('docker', words, { timeout: 60_000 });
    return stdout.trim();
  }

  /** Removes all containers, ends it and removes its directory. */
  async destroy(): Promise<void> {
    this.signal('SIGCONT');
    const ids = (await this.docker('ps', '-aq')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.docker('rm', '-f', ...ids);
    await this.stop();
    // Its data directory, once for each start, and its network namespaces.
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const own = mounts
      .flatMap((line) => line.split(' ')[1] ?? [])
      .filter((path) => path.startsWith(`${this.directory}/`));
    for (const path of own.reverse()) await run('umount', [path]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
