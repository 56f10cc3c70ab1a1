import { PassThrough } from 'node:stream';
import type { CommandIo, TerminalSize } from '../../src/base/command-io.ts';

/** A client of a command, in memory: types with `stdin`, reads what was said, resizes and leaves. */
export function aCommandClient(options: { readonly tty?: boolean; readonly input?: boolean } = {}) {
  const gone = new AbortController();
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const sizes = new PassThrough({ objectMode: true });
  const said = { stdout: '', stderr: '' };
  stdout.on('data', (data: Buffer) => {
    said.stdout += data.toString();
  });
  stderr.on('data', (data: Buffer) => {
    said.stderr += data.toString();
  });
  const io: CommandIo = {
    tty: options.tty === true,
    ...(options.input === false ? {} : { stdin }),
    stdout,
    ...(options.tty ? {} : { stderr }),
    sizes,
    signal: gone.signal,
  };
  return {
    io,
    stdin,
    stdout,
    said,
    resize: (size: TerminalSize) => void sizes.write(size),
    leave: () => {
      sizes.end();
      gone.abort();
    },
  };
}
