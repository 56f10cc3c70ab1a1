import { isMapping } from '../config/decode.ts';
import type { ApiObject } from './wanted-object.ts';

/** One member that differs; `path` as `data.Corefile` or `spec.containers[0].image`, undefined where it is not there. */
export type Difference = { readonly path: string; readonly from: unknown; readonly to: unknown };

/** What the API server itself writes into an object. */
const ofTheServer: readonly string[] = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp'];

/** What two states of an object differ in, leaving aside status and what the API server itself writes. */
export function differencesOf(from: ApiObject, to: ApiObject): readonly Difference[] {
  return differing(content(from), content(to), '');
}

function content({ status: _status, metadata, ...object }: ApiObject): unknown {
  const kept = Object.entries(metadata).filter(([name]) => !ofTheServer.includes(name));
  return { ...object, metadata: Object.fromEntries(kept) };
}

function differing(from: unknown, to: unknown, path: string): readonly Difference[] {
  if (isMapping(from) && isMapping(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return names.flatMap((name) => differing(from[name], to[name], path === '' ? name : `${path}.${name}`));
  }
  if (Array.isArray(from) && Array.isArray(to)) {
    const indexes = Array.from({ length: Math.max(from.length, to.length) }, (_, index) => index);
    return indexes.flatMap((index) => differing(from[index], to[index], `${path}[${index}]`));
  }
  return from === to ? [] : [{ path, from, to }];
}
