import { messageOf } from '../../base/errors.ts';
import type { StartFailure } from '../status/container-status.ts';

/** A step of starting a container failed; `reason` as the kubelet shows it in `state.waiting`. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly reason: string;

  constructor(reason: string, cause: unknown) {
    super(messageOf(cause), { cause });
    this.reason = reason;
  }
}

/** Runs one step of a start; what it throws becomes a StartError with this reason. */
export async function step<T>(reason: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (thrown) {
    throw thrown instanceof StartError ? thrown : new StartError(reason, thrown);
  }
}

export function startFailureOf(thrown: unknown): StartFailure {
  return { reason: thrown instanceof StartError ? thrown.reason : 'CreateContainerError', message: messageOf(thrown) };
}
