import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { access, constants, readFile } from 'node:fs/promises';
import { constants as osConstants } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../base/errors.ts';
import type { HostProcesses, ProcessIdentity } from './host.ts';
import { statFields } from './proc-stat.ts';
import { killTree } from './process-tree.ts';

/** Processes by node:child_process and /proc. */
export const nodeProcesses: HostProcesses = {
  run: (command, args, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: options.env ?? process.env,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.on('error', reject);
      child.on('close', (code, signal) =>
        resolve({
          code: code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]),
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        }),
      );
      // A program that does not read its input closes the pipe; that is its right.
      child.stdin.on('error', () => {});
      child.stdin.end(options.input);
    }),
  spawnDetached: (command, args, options = {}) =>
    new Promise((resolve, reject) => {
      const output = options.output === undefined ? undefined : openSync(options.output, 'a', 0o600);
      const child = spawn(command, args, {
        detached: true,
        stdio: ['ignore', output ?? 'ignore', output ?? 'ignore'],
        env: options.env ?? process.env,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      if (output !== undefined) closeSync(output);
      child.on('error', reject);
      child.on('spawn', () => {
        child.unref();
        resolve(child.pid ?? 0);
      });
    }),
  kill: (pid, signal) => {
    if (pid < 1) return false;
    try {
      return process.kill(pid, signal);
    } catch (thrown) {
      if (hasCode(thrown, 'ESRCH')) return false;
      if (signal === 0 && hasCode(thrown, 'EPERM')) return true;
      throw thrown;
    }
  },
  killTree,
  identify,
  findProgram: async (name) => {
    for (const directory of [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin']) {
      const path = join(directory, name);
      if (directory !== '' && (await isExecutable(path))) return path;
    }
    return undefined;
  },
};

async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = statFields(stat);
    const [state] = fields;
    return state === 'Z' || state === 'X' ? undefined : { pid, startTicks: fields[19] ?? '' };
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT', 'ESRCH')) return undefined;
    throw thrown;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
