import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { findStored } from '../images/store.ts';
import type { ExecResult } from '../runtime.ts';
import { type ProcessContext, stateOf } from './context.ts';
import { isReachable, privilegeWords, programPath } from './launch.ts';
import { type Prepared, prepare } from './prepare.ts';

/** kubelet's limit for what a probe says (pkg/probe/exec). */
const outputLimit = 10 * 1024;
/** How long a background child of the command may keep the streams open after it has ended. */
const drainMs = 250;

/**
 * Runs a command as the container's own program runs: looked up in its image, its environment, user and directory.
 * Killed with all its children after `timeoutMs`. Throws OperationError when the container does not run.
 */
export async function execInContainer(
  context: ProcessContext,
  id: string,
  at: { readonly command: readonly string[]; readonly timeoutMs: number },
): Promise<ExecResult> {
  const prepared = await prepareCommand(context, { id, command: at.command });
  const { setpriv } = await context.tools();
  return runCommand(prepared, { setpriv, timeoutMs: at.timeoutMs, clock: context.clock, host: context.host });
}

/** What to run for a command in a container, and how. Throws OperationError when the container does not run. */
export async function prepareCommand(
  context: ProcessContext,
  { id, command }: { readonly id: string; readonly command: readonly string[] },
): Promise<Prepared> {
  const { host, storeDir } = context;
  const record = await context.memory.record(id);
  if (record === undefined || (await stateOf(context, record)).is !== 'running') {
    throw new OperationError(`container ${record?.config.name ?? id} is not running`);
  }
  const image = await findStored(host, storeDir, record.imageId);
  if (image === undefined) throw new OperationError(`image ${record.config.image} is no longer in the image store`);
  return prepare(host, { record, image }, command);
}

type Limits = { readonly timeoutMs: number; readonly clock: Clock; readonly host: Pick<Host, 'killTree'> };

async function runCommand(
  prepared: Prepared,
  options: Limits & { readonly setpriv: string | undefined },
): Promise<ExecResult> {
  const reachable = isReachable(prepared.runAs);
  const descriptor = reachable ? undefined : openSync(prepared.program.rootfs, 'r');
  try {
    const words = [...privilegeWords(prepared, options.setpriv), programPath(prepared, 3), ...prepared.args];
    return await collect(
      spawn(words[0] ?? '', words.slice(1), {
        cwd: prepared.workingDir,
        env: Object.fromEntries(prepared.env),
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
      }),
      options,
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function collect(child: ReturnType<typeof spawn>, { timeoutMs, clock, host }: Limits): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    let size = 0;
    let timedOut = false;
    let exitCode = 0;
    const keep = (piece: Buffer) => {
      // Read on to the end, so that the command never waits for us.
      if (size < outputLimit) output.push(piece.subarray(0, outputLimit - size));
      size += piece.length;
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const cancelTimeout = clock.after(timeoutMs, () => {
      timedOut = true;
      if (child.pid !== undefined) void host.killTree(child.pid).catch(() => child.kill('SIGKILL'));
    });
    child.on('error', (thrown) => {
      cancelTimeout();
      reject(new OperationError(`cannot run ${child.spawnfile}: ${thrown.message}`, { cause: thrown }));
    });
    const done = () => resolve({ exitCode, output: Buffer.concat(output).toString(), timedOut });
    child.on('close', done);
    child.on('exit', (code, signal) => {
      cancelTimeout();
      exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      clock.after(drainMs, () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      });
    });
  });
}
