import { isMapping } from '../config/decode.ts';
import { type ApiObject, fieldManager } from './wanted-object.ts';

/**
 * Whether applying `wanted` would change nothing of `live`, as far as that can be seen without asking: all of it is there,
 * and we own nothing besides, which an apply would remove. False where only the API server can tell.
 */
export function isAppliedAlready(wanted: ApiObject, live: ApiObject): boolean {
  return holds(live, wanted) && ownFields(live).every((fields) => fields !== undefined && names(wanted, fields));
}

/** Lists of another length or order are for the API server to merge. */
function holds(live: unknown, wanted: unknown): boolean {
  if (isMapping(wanted)) {
    const members = Object.entries(wanted).filter(([, value]) => value !== undefined);
    return isMapping(live) && members.every(([name, value]) => holds(live[name], value));
  }
  if (!Array.isArray(wanted)) return live === wanted;
  return Array.isArray(live) && live.length === wanted.length && wanted.every((item, at) => holds(live[at], item));
}

/** What we have applied before; undefined for what was of another API version. */
function ownFields({ apiVersion, metadata }: ApiObject): readonly unknown[] {
  const { managedFields } = metadata;
  return (Array.isArray(managedFields) ? managedFields : [])
    .filter((entry) => isMapping(entry) && entry.manager === fieldManager && entry.operation === 'Apply')
    .map((entry) => (entry.apiVersion === apiVersion ? entry.fieldsV1 : undefined));
}

/** Whether the object has every field of a set: `f:` a member, `k:` an item by its keys, `v:` one by its value (fieldpath). */
function names(wanted: unknown, fields: unknown): boolean {
  if (!isMapping(fields)) return false;
  return Object.entries(fields).every(([element, inner]) => {
    if (element === '.') return true;
    const found = memberOf(wanted, element.slice(0, 2), element.slice(2));
    return found !== undefined && names(found, inner);
  });
}

function memberOf(wanted: unknown, kind: string, name: string): unknown {
  if (kind === 'f:') return isMapping(wanted) ? wanted[name] : undefined;
  if (!Array.isArray(wanted) || (kind !== 'k:' && kind !== 'v:')) return undefined;
  const key: unknown = JSON.parse(name);
  return wanted.find((item) => (kind === 'v:' ? item === key : holds(item, key)));
}
