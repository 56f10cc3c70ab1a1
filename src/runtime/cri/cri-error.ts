import { messageOf, OperationError } from '../../base/errors.ts';

/** The codes of gRPC that are told apart (grpc.io/docs/guides/status-codes). */
export const status = {
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  unimplemented: 12,
  unavailable: 14,
} as const;

/** All that speak v1 have this method; a service that is not there is worded so by Go's gRPC. */
const oldApi = /unknown service|runtime\.v1\.RuntimeService\/Version/;

/** What the runtime's words do not say; in the message, since agents show nothing else. */
const advices = [
  {
    // runc 1.1 without CAP_SYS_RESOURCE dies in its C stage and says only "can't get final child's PID from pipe: EOF".
    signs: /oom_score_adj|final child's PID/,
    text: 'where CAP_SYS_RESOURCE is lacking containerd needs restrict_oom_score_adj = true in its CRI section',
  },
] as const;

/** What the runtime answered, or that it did not; `code` is gRPC's when there was one. */
export class CriError extends OperationError {
  readonly code: number | undefined;

  constructor(message: string, options: { code?: number | undefined; hint?: string; cause?: unknown } = {}) {
    const { code, ...rest } = options;
    super(message, rest);
    this.code = code;
  }
}

/** gRPC's error as ours: the runtime's own words without `rpc error: code = …` and `5 NOT_FOUND: ` before them. */
export function criError(what: string, thrown: unknown, socketPath: string): CriError {
  const code = codeOf(thrown);
  if (code === status.unavailable) {
    return new CriError(`${what}: cannot reach the container runtime at ${socketPath}: ${connectError(thrown)}`, {
      code,
      hint: 'see that containerd or CRI-O runs and that this user may use its socket, or choose another --runtime',
    });
  }
  const details = detailsOf(thrown);
  if (code === status.unimplemented && oldApi.test(details)) {
    return new CriError(`${what}: the container runtime at ${socketPath} does not speak CRI v1: ${details}`, {
      code,
      hint:
        'containerd must be 1.6 or newer with its CRI plugin on: see that "cri" is not in disabled_plugins of ' +
        '/etc/containerd/config.toml',
    });
  }
  const advice = advices.find(({ signs }) => signs.test(details))?.text;
  return new CriError(`${what}: ${details}${advice === undefined ? '' : ` (${advice})`}`, { code });
}

/** Whether the runtime answered with one of these codes. */
export function hasStatus(thrown: unknown, ...codes: readonly number[]): boolean {
  return thrown instanceof CriError && thrown.code !== undefined && codes.includes(thrown.code);
}

function codeOf(thrown: unknown): number | undefined {
  const code = memberOf(thrown, 'code');
  return typeof code === 'number' ? code : undefined;
}

function detailsOf(thrown: unknown): string {
  const details = memberOf(thrown, 'details');
  const text = typeof details === 'string' && details !== '' ? details : messageOf(thrown);
  return text.replace(/rpc error: code = \w+ desc = /g, '').trim();
}

/** Of `No connection established. Last error: connect ENOENT /path (date)…` what the system said. */
function connectError(thrown: unknown): string {
  const details = detailsOf(thrown);
  return /connect \w+(?: \S+)?/.exec(details)?.[0] ?? details;
}

function memberOf(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? Reflect.get(value, name) : undefined;
}
