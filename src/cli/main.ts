import { InterruptedError } from '../base/errors.ts';
import type { CliContext, CommonOptions } from './command.ts';
import { commands } from './commands.ts';
import { errorDocument, errorText, exitCodeOf } from './error-text.ts';
import { asMachineFault } from './machine-faults.ts';
import { runProgram } from './program.ts';
import { styleOf } from './style.ts';

type OutputStream = NodeJS.WriteStream & { readonly fd: number };

/** One run of the program: its streams and signals, the command, and what the user reads when it fails. */
export async function main(process: NodeJS.Process): Promise<number> {
  const stdout = streamOf(process.stdout);
  const stderr = streamOf(process.stderr);
  const interrupted = new AbortController();
  let common: CommonOptions = { output: 'text', verbosity: 0, color: true };
  try {
    return await runProgram({
      argv: process.argv.slice(2),
      commands,
      stdout,
      stderr,
      context: () => contextOf(process, interrupted, { stdout, stderr }),
      onCommon: (chosen) => {
        common = chosen;
      },
    });
  } catch (caught) {
    const thrown = asMachineFault(asInterruption(caught, interrupted.signal));
    const style = styleOf(common.color && stderr.isTerminal);
    stderr.write(errorText(thrown, { style, verbosity: common.verbosity }));
    if (common.output !== 'text') stdout.write(`${JSON.stringify({ error: errorDocument(thrown) })}\n`);
    return exitCodeOf(thrown);
  }
}

function asInterruption(thrown: unknown, signal: AbortSignal): unknown {
  const aborted =
    signal.aborted && (thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError'));
  return aborted && !(thrown instanceof InterruptedError) ? new InterruptedError('interrupted') : thrown;
}

async function contextOf(
  process: NodeJS.Process,
  interrupted: AbortController,
  streams: Pick<CliContext, 'stdout' | 'stderr'>,
): Promise<CliContext> {
  const [{ nodeHost }, { terminalIsGone }, { systemClock }] = await Promise.all([
    import('../host/node-host.ts'),
    import('../host/terminal.ts'),
    import('../base/clock.ts'),
  ]);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interrupted.abort(new InterruptedError(`interrupted by ${signal}`)));
  }
  const asks = process.stdin.isTTY && process.stderr.isTTY;
  return {
    host: nodeHost,
    argv: process.argv.slice(2),
    clock: systemClock,
    signal: interrupted.signal,
    onHangup: (listener) => {
      // Of a terminal that was closed: as without a listener, the end.
      const heard = () =>
        process.stderr.isTTY && terminalIsGone() ? interrupted.abort(new InterruptedError('hung up')) : listener();
      process.on('SIGHUP', heard);
      return () => process.off('SIGHUP', heard);
    },
    ...streams,
    confirm: asks ? (question) => confirm(process, question, interrupted.signal) : undefined,
  };
}

async function confirm(process: NodeJS.Process, question: string, signal: AbortSignal): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}

function streamOf(stream: OutputStream): CliContext['stdout'] {
  // A reader that goes away early (`| head`) is no failure of ours.
  stream.on('error', () => {});
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal: stream.isTTY,
    // As wide as it is when somebody asks: windows are resized.
    get columns() {
      return stream.columns ?? 100;
    },
    get rows() {
      return stream.rows;
    },
  };
}
