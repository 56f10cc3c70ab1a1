import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { program } from '../../../components/locations.ts';

/** One program of the control plane with nothing around it. */
export class Program {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #log: string;
  #child: ChildProcess | undefined;

  constructor(name: string, flags: Readonly<Record<string, string | readonly string[]>>, log: string) {
    this.name = name;
    this.#args = Object.entries(flags).flatMap(([flag, value]) => [value].flat().map((one) => `--${flag}=${one}`));
    this.#log = log;
  }

  start(): void {
    const log = openSync(this.#log, 'a');
    this.#child = spawn(program(this.name), this.#args, { stdio: ['ignore', log, log] });
    closeSync(log);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  /** Throws when it has ended, with its last lines. */
  assertRuns(): void {
    const { exitCode = null, signalCode = null } = this.#child ?? {};
    if (exitCode === null && signalCode === null) return;
    const lines = readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
    throw new Error(`${this.name} ended with ${exitCode ?? signalCode}\n${lines}`);
  }
}
