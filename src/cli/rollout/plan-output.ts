import { hasCode, messageOf, PreflightError } from '../../base/errors.ts';
import type { Report } from '../../base/report.ts';
import type { CliContext, CommonOptions } from '../command.ts';
import { plainScreen, type Screen } from '../status/status-table.ts';
import { styleOf } from '../style.ts';

/** Of `plan` and `drift`: something differs. */
export const differencesExitCode = 10;

/** Keeps warnings, so that they come before the result and into its JSON; says nothing else. */
export function planReport(): { readonly report: Report; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const silent = { item() {}, waiting() {}, info() {}, file() {} };
  return { report: { ...silent, warn: (message) => warnings.push(message) }, warnings };
}

/** A result with its warnings: text for people, or one document. */
export function showResult(
  cli: Pick<CliContext, 'stdout' | 'stderr'>,
  common: CommonOptions,
  result: {
    readonly warnings: readonly string[];
    readonly text: (screen: Screen) => string;
    readonly document: () => Readonly<Record<string, unknown>>;
  },
): void {
  const { stdout, stderr } = cli;
  if (common.output !== 'text') {
    stdout.write(`${JSON.stringify(result.document(), undefined, common.output === 'json' ? 2 : 0)}\n`);
    return;
  }
  const { yellow } = styleOf(common.color && stderr.isTerminal);
  for (const warning of result.warnings) stderr.write(`${yellow('warning:')} ${warning}\n`);
  const screen = stdout.isTerminal ? { columns: stdout.columns, style: styleOf(common.color) } : plainScreen;
  stdout.write(result.text(screen));
}

/** Certificates and revisions are their owner's alone. */
export function refuseUnreadable(thrown: unknown): never {
  if (!hasCode(thrown, 'EACCES', 'EPERM')) throw thrown;
  throw new PreflightError(messageOf(thrown), { cause: thrown, hint: 'run it as the user who ran bootstrap init' });
}
