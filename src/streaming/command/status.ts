import { messageOf } from '../../base/errors.ts';

/** The part of a metav1.Status that tells how a command ended. */
export type CommandStatus = {
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: 'NonZeroExitCode' | 'InternalError';
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
};

/** How the command ended, in the words that clients read the exit code from (`remotecommand/v4.go` of client-go). */
export function exitStatus(exitCode: number): CommandStatus {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** Why there is no command to speak of. */
export function failureStatus(thrown: unknown): CommandStatus {
  const text = messageOf(thrown);
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  };
}

/** What goes onto the error stream: JSON since v4; before that only the text of a failure. */
export function printStatus(status: CommandStatus, form: 'json' | 'text'): string {
  return form === 'json' ? JSON.stringify(status) : (status.message ?? '');
}
