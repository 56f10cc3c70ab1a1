import { ApiStatusError } from '../../src/kube/client.ts';

/** The error of a refusal, as the client makes it. */
export function refusal(request: string, status: number, reason: string, more: Refusal = {}): ApiStatusError {
  return new ApiStatusError(request, status, { reason, message: `it is ${reason}`, ...more });
}

type Refusal = { readonly message?: string; readonly retryAfterMs?: number | undefined };

/** The error of a server that is not up. */
export function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 192.0.2.10:6443'), { code: 'ECONNREFUSED' });
}
