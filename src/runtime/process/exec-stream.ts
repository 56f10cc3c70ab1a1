import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { CommandIo } from '../../base/command-io.ts';
import { OperationError } from '../../base/errors.ts';
import type { ProcessContext } from './context.ts';
import { prepareCommand } from './exec.ts';
import { isReachable, privilegeWords, programPath } from './launch.ts';
import { copyOutput } from './output.ts';
import type { Prepared } from './prepare.ts';
import { followSizes, terminalWords } from './terminal.ts';

type Command = { readonly words: readonly string[]; readonly env: ReadonlyMap<string, string> };

/** The image's root, where the program's user cannot reach it: the first descriptor after the standard streams. */
const rootDescriptor = 3;

/**
 * Runs a command as the container's own program runs, with streams; in a terminal of its own when one is asked for. It is
 * killed with all its children when the client leaves. Throws OperationError when it cannot be run.
 */
export async function execStream(
  context: ProcessContext,
  at: { readonly id: string; readonly command: readonly string[] },
  io: CommandIo,
): Promise<number> {
  const prepared = await prepareCommand(context, at);
  const { setpriv } = await context.tools();
  const words = [...privilegeWords(prepared, setpriv), programPath(prepared, rootDescriptor), ...prepared.args];
  const plain = { words, env: prepared.env };
  const child = start(prepared, io.tty ? await terminalWords(context, plain) : plain, io);
  const leave = () => void end(context, child);
  io.signal.addEventListener('abort', leave, { once: true });
  if (io.signal.aborted) leave();
  try {
    connectInput(child, io);
    if (io.tty) void followSizes(context, { child, runAs: prepared.runAs }, io);
    const outputs = [copyOutput(child, 'stdout', { context, sink: io.stdout })];
    outputs.push(copyOutput(child, 'stderr', { context, sink: io.tty ? io.stdout : io.stderr }));
    const code = await exitCodeOf(child);
    await Promise.all(outputs);
    return code;
  } finally {
    io.signal.removeEventListener('abort', leave);
  }
}

function start(prepared: Prepared, { words, env }: Command, io: CommandIo): ChildProcess {
  const descriptor = isReachable(prepared.runAs) ? undefined : openSync(prepared.program.rootfs, 'r');
  // A terminal that nobody types into has no end of input either.
  const input = io.stdin === undefined && !io.tty ? 'ignore' : 'pipe';
  try {
    return spawn(words[0] ?? '', words.slice(1), {
      cwd: prepared.workingDir,
      env: Object.fromEntries(env),
      detached: true,
      stdio: [input, 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function connectInput({ stdin }: ChildProcess, io: CommandIo): void {
  // A command that does not read on closes its input; that is its right.
  stdin?.on('error', () => io.stdin?.resume());
  if (stdin !== null) io.stdin?.pipe(stdin);
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (thrown) => {
      reject(new OperationError(`cannot run ${child.spawnfile}: ${thrown.message}`, { cause: thrown }));
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

async function end({ host }: ProcessContext, child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await host.killTree(child.pid).catch(() => child.kill('SIGKILL'));
}
