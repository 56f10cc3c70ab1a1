import type { Finding } from '../base/diagnostics.ts';
import { renderFinding } from '../base/diagnostics.ts';
import { BootstrapError, messageOf } from '../base/errors.ts';
import type { Style } from './style.ts';

/** Exit code of a bug of ours (sysexits.h EX_SOFTWARE). */
export const bugExitCode = 70;

export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof BootstrapError ? thrown.exitCode : bugExitCode;
}

/** What the user reads of an error: message, every finding, details, what to do next. Stacks from verbosity 1 on. */
export function errorText(thrown: unknown, options: { readonly style: Style; readonly verbosity: number }): string {
  const { style, verbosity } = options;
  const lines = thrown instanceof BootstrapError ? knownError(thrown, style) : bug(thrown, style);
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  if (verbosity >= 1 && stack !== undefined) lines.push(...stack.split('\n').slice(1));
  return lines.map((line) => `${line}\n`).join('');
}

/** The same for `-o json`. */
export function errorDocument(thrown: unknown): Record<string, unknown> {
  const known = thrown instanceof BootstrapError;
  return {
    message: messageOf(thrown),
    exitCode: exitCodeOf(thrown),
    ...(known && thrown.hint !== undefined ? { hint: thrown.hint } : {}),
    ...(findingsOf(thrown).length > 0 ? { findings: findingsOf(thrown) } : {}),
    ...(detailsOf(thrown).length > 0 ? { details: detailsOf(thrown) } : {}),
  };
}

function knownError(thrown: BootstrapError, style: Style): string[] {
  return [
    `${style.red('error:')} ${messageOf(thrown)}`,
    ...findingsOf(thrown).map((finding) => `  ${findingLine(finding, style)}`),
    ...detailsOf(thrown).map((line) => `  ${line}`),
    ...(thrown.hint === undefined ? [] : [`${style.bold('next:')} ${thrown.hint}`]),
  ];
}

/** A finding with its severity coloured. */
export function findingLine(finding: Finding, style: Style): string {
  const text = renderFinding(finding);
  const paint = finding.severity === 'error' ? style.red : style.yellow;
  return text.replace(/\[(ERROR|WARNING) [^\]]*\]|\b(error|warning)\b/, (label) => paint(label));
}

function bug(thrown: unknown, style: Style): string[] {
  return [
    `${style.red('bug:')} ${messageOf(thrown)}`,
    'This is a fault of bootstrap itself, not of your machine or configuration.',
    `${style.bold('next:')} please report it with the command line, "bootstrap version" and the output with -v 1`,
  ];
}

function findingsOf(thrown: unknown): readonly Finding[] {
  return thrown instanceof BootstrapError && 'findings' in thrown ? (thrown.findings as readonly Finding[]) : [];
}

function detailsOf(thrown: unknown): readonly string[] {
  return thrown instanceof BootstrapError && 'details' in thrown ? (thrown.details as readonly string[]) : [];
}
