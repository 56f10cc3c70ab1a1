import type { ChildProcess } from 'node:child_process';
import { type Clock, sleep } from '../../base/clock.ts';
import type { CommandIo, TerminalSize } from '../../base/command-io.ts';
import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { ProcessContext } from './context.ts';
import { isPlain, quote } from './launch.ts';
import type { RunAs } from './user.ts';

type Command = { readonly words: readonly string[]; readonly env: ReadonlyMap<string, string> };

/** How long the terminal may take to be there. */
const seenWithinMs = 2000;
const lookEveryMs = 20;

/**
 * The same command in a terminal of its own: Node makes none, script(1) of util-linux does, passing on what comes and
 * goes. Throws OperationError where the host has none: commands then run without a terminal only.
 */
export async function terminalWords(context: ProcessContext, { words, env }: Command): Promise<Command> {
  const { host } = context;
  const script = await host.findProgram('script');
  if (script === undefined) {
    throw new OperationError('a terminal needs the program script, which is not in PATH', {
      hint: 'install bsdutils or util-linux, or run the command without a terminal (kubectl exec without -t)',
    });
  }
  const tools = await context.tools();
  const all = new Map([['TERM', 'xterm'], ...env]);
  const special = [...all].filter(([name]) => !isPlain(name) || name === 'SHELL');
  const line = ['unset', 'SHELL;', 'exec', tools.env, ...special.map(([name, value]) => quote(`${name}=${value}`))];
  const help = await host.run(script, ['--help'], { timeoutMs: 5000 });
  // Without this word newer ones turn the terminal's echo off, since their own input is none; older ones never do.
  const echo = help.stdout.includes('--echo') ? ['-E', 'always'] : [];
  return {
    words: [script, '-q', '-f', '-e', ...echo, '-c', [...line, ...words.map(quote)].join(' '), '/dev/null'],
    env: new Map([...[...all].filter(([name]) => isPlain(name)), ['SHELL', tools.sh]]),
  };
}

/** Makes the terminal the program's user's own, and as large as the client's, until the client leaves. */
export async function followSizes(
  { host, clock }: ProcessContext,
  { child, runAs }: { readonly child: ChildProcess; readonly runAs: RunAs | undefined },
  io: CommandIo,
): Promise<void> {
  const terminal = await findTerminal(host, clock, child);
  if (terminal === undefined) return;
  if (runAs !== undefined) await host.setOwner(terminal, runAs.uid, runAs.gid).catch(() => {});
  const stty = await host.findProgram('stty');
  for await (const size of io.sizes) {
    // As good as it gets: a terminal of another size works.
    if (stty !== undefined) await resize(host, { stty, terminal, size }).catch(() => {});
  }
}

async function resize(
  host: Pick<Host, 'run'>,
  { stty, terminal, size }: { readonly stty: string; readonly terminal: string; readonly size: TerminalSize },
): Promise<void> {
  const words = ['-F', terminal, 'rows', String(size.height), 'cols', String(size.width)];
  await host.run(stty, words, { timeoutMs: 5000 });
}

/** The terminal that script made is the input of its only child. */
async function findTerminal(
  host: Pick<Host, 'readText' | 'readLink'>,
  clock: Clock,
  child: ChildProcess,
): Promise<string | undefined> {
  for (let waitedMs = 0; waitedMs < seenWithinMs && child.exitCode === null; waitedMs += lookEveryMs) {
    const path = `/proc/${child.pid}/task/${child.pid}/children`;
    const [first] = ((await host.readText(path).catch(() => undefined)) ?? '').trim().split(' ');
    const terminal = first ? await host.readLink(`/proc/${first}/fd/0`).catch(() => undefined) : undefined;
    if (terminal?.startsWith('/dev/pts/')) return terminal;
    await sleep(clock, lookEveryMs);
  }
  return undefined;
}
