import { hasCode, messageOf, OperationError } from '../../base/errors.ts';

/** What Docker answered, or that it did not; `status` is the HTTP status when there was one. */
export class DockerError extends OperationError {
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number | undefined; hint?: string; cause?: unknown } = {}) {
    const { status, ...rest } = options;
    super(message, rest);
    this.status = status;
  }
}

/** dockerode's error as ours: Docker's own words without dockerode's `(HTTP code 409) unexpected - ` before them. */
export function dockerError(what: string, thrown: unknown, socketPath: string): DockerError {
  if (hasCode(thrown, 'ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM') && syscallOf(thrown) === 'connect') {
    return new DockerError(`${what}: cannot reach Docker at ${socketPath}: ${messageOf(thrown)}`, {
      hint: 'see that dockerd runs and that this user may use its socket, or choose --runtime process',
      cause: thrown,
    });
  }
  const status = memberOf(thrown, 'statusCode');
  return new DockerError(`${what}: ${answerOf(thrown)}`, {
    status: typeof status === 'number' ? status : undefined,
  });
}

/** Whether Docker answered with one of these HTTP statuses. */
export function hasStatus(thrown: unknown, ...statuses: readonly number[]): boolean {
  return thrown instanceof DockerError && thrown.status !== undefined && statuses.includes(thrown.status);
}

function answerOf(thrown: unknown): string {
  const message = memberOf(memberOf(thrown, 'json'), 'message');
  const text = typeof message === 'string' ? message : messageOf(thrown);
  return text.replace(/^\(HTTP code \d+\) .*? - /, '').trim();
}

function syscallOf(thrown: unknown): unknown {
  return memberOf(thrown, 'syscall');
}

function memberOf(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? Reflect.get(value, name) : undefined;
}
