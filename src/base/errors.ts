import type { Finding } from './diagnostics.ts';

type ErrorOptions = { readonly hint?: string; readonly cause?: unknown };

/** What went wrong for a reason the user can act on; anything thrown that is not one of these is a bug of ours. */
export class BootstrapError extends Error {
  override readonly name: string = 'BootstrapError';
  readonly exitCode: number = 1;
  readonly hint: string | undefined;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The command line or the configuration is wrong; nothing was done. Findings are shown all at once. */
export class UsageError extends BootstrapError {
  override readonly name = 'UsageError';
  override readonly exitCode = 3;
  readonly findings: readonly Finding[];

  constructor(message: string, options: ErrorOptions & { readonly findings?: readonly Finding[] } = {}) {
    super(message, options);
    this.findings = options.findings ?? [];
  }
}

/**
 * Refused before anything running was touched: preflight, lock held, unchangeable field, canary. `details` are further lines
 * shown below the message.
 */
export class PreflightError extends BootstrapError {
  override readonly name = 'PreflightError';
  override readonly exitCode = 2;
  readonly findings: readonly Finding[];
  readonly details: readonly string[];

  constructor(
    message: string,
    options: ErrorOptions & { readonly findings?: readonly Finding[]; readonly details?: readonly string[] } = {},
  ) {
    super(message, options);
    this.findings = options.findings ?? [];
    this.details = options.details ?? [];
  }
}

/** Failed while acting. `details` are further lines shown below the message, such as a component's own last log lines. */
export class OperationError extends BootstrapError {
  override readonly name = 'OperationError';
  readonly details: readonly string[];

  constructor(message: string, options: ErrorOptions & { readonly details?: readonly string[] } = {}) {
    super(message, options);
    this.details = options.details ?? [];
  }
}

/** A change failed, and what was there before is back and healthy. `details` as in `OperationError`. */
export class RolledBackError extends BootstrapError {
  override readonly name = 'RolledBackError';
  override readonly exitCode = 5;
  readonly details: readonly string[];

  constructor(message: string, options: ErrorOptions & { readonly details?: readonly string[] } = {}) {
    super(message, options);
    this.details = options.details ?? [];
  }
}

/** Waited for something that did not come; `lastReason` says what was last seen. */
export class TimeoutError extends BootstrapError {
  override readonly name = 'TimeoutError';
  override readonly exitCode = 4;
  readonly lastReason: string | undefined;
  readonly details: readonly string[];

  constructor(
    message: string,
    options: ErrorOptions & { readonly lastReason?: string; readonly details?: readonly string[] } = {},
  ) {
    super(message, options);
    this.lastReason = options.lastReason;
    this.details = options.details ?? [];
  }
}

/** The user interrupted (Ctrl-C, SIGTERM); what was begun has been finished or undone. */
export class InterruptedError extends BootstrapError {
  override readonly name = 'InterruptedError';
  override readonly exitCode = 130;
}

/** The text of whatever was thrown, with the texts of its causes. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.cause === undefined) return thrown.message;
  const cause = messageOf(thrown.cause);
  return thrown.message.includes(cause) ? thrown.message : `${thrown.message}: ${cause}`;
}

/** Whether a thrown value carries this system error code (`ENOENT`, `EACCES` …). */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
}
