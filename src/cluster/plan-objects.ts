import { inParallel } from '../base/in-parallel.ts';
import { isMapping } from '../config/decode.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAppliedAlready } from './applied-already.ts';
import { type Difference, differencesOf } from './differences.ts';
import { type ApiObject, fieldManager, objectPath, type WantedObject } from './wanted-object.ts';

export type ObjectPlan = {
  readonly wanted: WantedObject;
  readonly action: 'create' | 'update' | 'keep';
  readonly because: string;
  readonly differences: readonly Difference[];
  readonly live?: ApiObject;
};

/** More at a time only wait for each other in the API server. */
export const requestsAtATime = 4;

/**
 * What applying would change; where that cannot be seen from the object itself the API server is asked, by a dry run of
 * its own. Changes nothing. Throws what it answers.
 */
export function planObjects(client: KubeClient, wanted: readonly WantedObject[]): Promise<readonly ObjectPlan[]> {
  return inParallel(wanted, requestsAtATime, async (one) => {
    const path = objectPath(one.object);
    const live = await client.get<ApiObject>(path);
    if (live === undefined) return planObject(one, undefined, undefined);
    const object = withoutYielded(one, live);
    if (isAppliedAlready(object, live)) return planObject(one, live, live);
    const options = { type: 'apply', fieldManager, force: true } as const;
    return planObject(one, live, await client.patch<ApiObject>(`${path}?dryRun=All`, object, options));
  });
}

/** What is or was to be done, from the object as found and as it is once applied. */
export function planObject(
  wanted: WantedObject,
  live: ApiObject | undefined,
  applied: ApiObject | undefined,
): ObjectPlan {
  if (live === undefined) return { wanted, action: 'create', because: 'is not there', differences: [] };
  const differences = applied === undefined ? [] : differencesOf(live, applied);
  if (differences.length === 0) return { wanted, action: 'keep', because: 'is as configured', differences, live };
  const [first, ...others] = differences.map(({ path }) => path);
  const because = `${first}${others.length > 0 ? ` and ${others.length} more` : ''} ${others.length > 0 ? 'differ' : 'differs'}`;
  return { wanted, action: 'update', because, differences, live };
}

/** The object without those of its yielding fields that somebody else has set to another value. */
export function withoutYielded({ object, yields = [] }: WantedObject, live: ApiObject): ApiObject {
  return yields
    .filter((path) => {
      const there = at(live, path);
      return there !== undefined && there !== at(object, path) && !owns(live, path);
    })
    .reduce<ApiObject>((rest, path) => without(rest, path) as ApiObject, object);
}

/** Whether the field is ours by what the API server keeps in managedFields (structured-merge-diff, fieldpath). */
function owns(live: ApiObject, path: readonly string[]): boolean {
  const { managedFields } = live.metadata;
  const entries = Array.isArray(managedFields) ? managedFields.filter(isMapping) : [];
  const fieldPath = path.map((name) => `f:${name}`);
  return entries.some((entry) => entry.manager === fieldManager && at(entry.fieldsV1, fieldPath) !== undefined);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isMapping(inner) ? inner[name] : undefined), value);
}

function without(value: unknown, [name = '', ...rest]: readonly string[]): unknown {
  if (!isMapping(value)) return value;
  const { [name]: inner, ...others } = value;
  return rest.length === 0 ? others : { ...others, [name]: without(inner, rest) };
}
