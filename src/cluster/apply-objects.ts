import type { Clock } from '../base/clock.ts';
import { OperationError } from '../base/errors.ts';
import { inParallel } from '../base/in-parallel.ts';
import { retryUntil } from '../base/retry.ts';
import { ApiStatusError, type KubeClient } from '../kube/client.ts';
import { type ObjectPlan, planObject, requestsAtATime, withoutYielded } from './plan-objects.ts';
import { type ApiObject, fieldManager, objectPath, objectTitle, type WantedObject } from './wanted-object.ts';

export type ApplyOptions = {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long each object is tried. */
  readonly timeoutMs: number;
  /** Nobody can have made them before: then what is there is not looked at first. */
  readonly fresh?: boolean;
  /** Told of each object once it is done, in no order. */
  readonly onDone?: (done: ObjectPlan) => void;
};

const retryEveryMs = 100;

/** Answers that no second try changes: what was sent is wrong, or who sent it. */
const final: readonly number[] = [400, 401, 405, 413, 415, 422];

/**
 * Server-side apply of the objects, several at a time. A young API server that lacks namespaces or knows no rights yet, one
 * that is overloaded or gone, is tried again; `TimeoutError` with the last reason. What is right already is not written.
 */
export function applyObjects(
  client: KubeClient,
  wanted: readonly WantedObject[],
  options: ApplyOptions,
): Promise<readonly ObjectPlan[]> {
  return inParallel(wanted, requestsAtATime, async (one) => {
    const done = await untilAnswered(() => applyObject(client, one, options.fresh), objectTitle(one.object), options);
    options.onDone?.(done);
    return done;
  });
}

/**
 * Tries a call to the API server again until it answers with something else than "not now". `OperationError` for an answer
 * that stays, `TimeoutError` with the last reason.
 */
export async function untilAnswered<T>(
  call: () => Promise<T>,
  what: string,
  { clock, signal, timeoutMs }: Pick<ApplyOptions, 'clock' | 'signal' | 'timeoutMs'>,
): Promise<T> {
  const isFinal = (thrown: unknown) => thrown instanceof ApiStatusError && final.includes(thrown.status);
  const retry = { clock, signal, everyMs: retryEveryMs, timeoutMs, what, fatal: isFinal };
  try {
    const { value } = await retryUntil(async () => ({ value: await call() }), retry);
    return value;
  } catch (thrown) {
    if (!(thrown instanceof ApiStatusError)) throw thrown;
    throw new OperationError(`${what}: the API server answers ${thrown.status}, ${thrown.detail}`, {
      hint: 'put right what it says, then run the same command again: what is done already is kept',
    });
  }
}

/** One attempt. The API server itself sees that nothing changes, and then stores nothing. */
async function applyObject(client: KubeClient, wanted: WantedObject, fresh = false): Promise<ObjectPlan> {
  const path = objectPath(wanted.object);
  // Out of the API server's own cache, which costs etcd nothing.
  const live = fresh ? undefined : await client.get<ApiObject>(`${path}?resourceVersion=0`);
  const object = live === undefined ? wanted.object : withoutYielded(wanted, live);
  const applied = await client.patch<ApiObject>(path, object, { type: 'apply', fieldManager, force: true });
  return planObject(wanted, live, applied);
}
