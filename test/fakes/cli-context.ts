import type { CliContext, CommonOptions } from '../../src/cli/command.ts';
import { FakeClock } from './fake-clock.ts';
import { aHost } from './init-context.ts';

export const plainText: CommonOptions = { output: 'text', verbosity: 0, color: false };

/** The outside of a command, with what it wrote. */
export function aCliContext(
  change: Partial<CliContext> & { readonly terminal?: boolean } = {},
): CliContext & { readonly clock: FakeClock; out: () => string; err: () => string } {
  const out: string[] = [];
  const err: string[] = [];
  const { terminal = false, ...rest } = change;
  return {
    host: aHost(),
    clock: new FakeClock(),
    signal: new AbortController().signal,
    stdout: { write: (text) => void out.push(text), isTerminal: terminal, columns: 100 },
    stderr: { write: (text) => void err.push(text), isTerminal: terminal, columns: 60 },
    confirm: undefined,
    ...(rest as object),
    out: () => out.join(''),
    err: () => err.join(''),
  } as CliContext & { readonly clock: FakeClock; out: () => string; err: () => string };
}
