import { isObject } from '../kube/decode-fields.ts';
import { type FieldSchema, podTypes } from '../kube/pod-schema.ts';

type Item = Readonly<Record<string, unknown>>;

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/** What a strategic merge patch may not do; the message says where and why. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}

/**
 * Applies a strategic merge patch to an object of the named type of pod-schema, with its directives, as
 * k8s.io/apimachinery/pkg/util/strategicpatch does (StrategicMergePatch); an undefined type is one without merge keys.
 */
export function strategicMerge(original: Item, patch: Item, type: string | undefined): Item {
  if (directive in patch) return replacedMap(patch);
  const result: Record<string, unknown> = retained(original, patch);
  const listsDone = new Set<string>();
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const field = key.slice(orderPrefix.length);
    listsDone.add(field);
    const ordered = orderedList({
      original: original[field],
      patch: patch[field],
      order,
      schema: schemaOf(type, field),
    });
    if (ordered !== undefined) result[field] = ordered;
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === retainKeys || key.startsWith(orderPrefix) || listsDone.has(key)) continue;
    if (key.startsWith(deletePrefix)) removeFromList(result, key.slice(deletePrefix.length), value);
    else mergeMember(result, { key, value, schema: schemaOf(type, key) });
  }
  return result;
}

function schemaOf(type: string | undefined, field: string): FieldSchema | undefined {
  return type === undefined ? undefined : podTypes.get(type)?.get(field);
}

function mergeMember(
  result: Record<string, unknown>,
  { key, value, schema }: { key: string; value: unknown; schema: FieldSchema | undefined },
): void {
  const before = result[key];
  if (value === null || value === undefined) {
    delete result[key];
  } else if (isObject(before) && isObject(value)) {
    result[key] = strategicMerge(before, value, schema?.form === 'one' ? schema.type : undefined);
  } else if (Array.isArray(before) && Array.isArray(value)) {
    result[key] = mergesLists(schema) ? mergeLists(before, value, schema) : value;
  } else {
    const added = withoutDirectives(value);
    if (added === undefined) delete result[key];
    else result[key] = added;
  }
}

function mergesLists(schema: FieldSchema | undefined): schema is FieldSchema {
  return schema !== undefined && (schema.mergeKey !== undefined || schema.mergesAsSet);
}

/** Items of the patch with their merge key, the rest of the original around them. */
function mergeLists(original: readonly unknown[], patch: readonly unknown[], schema: FieldSchema): readonly unknown[] {
  const { mergeKey, type } = schema;
  if (mergeKey === undefined) return arranged([...new Set([...original, ...patch])], patch, { original, keyOf: same });
  const items = patch.map((item) => itemWithKey(item, mergeKey));
  const plain = items.filter((item) => !(directive in item));
  if (items.some((item) => item[directive] === 'replace')) return plain;
  const deleted = new Set(items.filter((item) => directive in item).map((item) => deletedKey(item, mergeKey)));
  const kept = original.filter((item) => !(isObject(item) && deleted.has(item[mergeKey])));
  const merged: unknown[] = [...kept];
  for (const item of plain) {
    const index = merged.findIndex((other) => isObject(other) && other[mergeKey] === item[mergeKey]);
    const found = merged[index];
    if (isObject(found)) merged[index] = strategicMerge(found, item, type);
    else merged.push(withoutNulls(item));
  }
  const keyOf = (item: unknown) => (isObject(item) ? item[mergeKey] : undefined);
  return arranged(merged, plain, { original: kept, keyOf });
}

function itemWithKey(item: unknown, mergeKey: string): Item {
  if (!isObject(item))
    throw new PatchError(`expected an object in a list merged by ${mergeKey}: ${JSON.stringify(item)}`);
  if (!(mergeKey in item) && item[directive] !== 'replace') {
    throw new PatchError(`the merge key ${mergeKey} is missing in ${JSON.stringify(item)}`);
  }
  return item;
}

function deletedKey(item: Item, mergeKey: string): unknown {
  if (item[directive] !== 'delete') throw badDirective(item[directive]);
  return item[mergeKey];
}

type Arrangement = { readonly original: readonly unknown[]; readonly keyOf: (item: unknown) => unknown };

/**
 * Items named by the order in that order, the others in the order of the original, each of these before the first named
 * item that came after it in the original (strategicpatch mergeSortedSlice).
 */
function arranged(items: readonly unknown[], order: readonly unknown[], { original, keyOf }: Arrangement): unknown[] {
  const rank = new Map(order.map((item, index) => [keyOf(item), index]));
  const place = new Map(original.map((item, index) => [keyOf(item), index]));
  const named = items
    .filter((item) => rank.has(keyOf(item)))
    .sort((a, b) => (rank.get(keyOf(a)) ?? 0) - (rank.get(keyOf(b)) ?? 0));
  const others = items.filter((item) => !rank.has(keyOf(item)));
  const result: unknown[] = [];
  for (const item of named) {
    const at = place.get(keyOf(item));
    while (others.length > 0 && at !== undefined && (place.get(keyOf(others[0])) ?? Infinity) < at) {
      result.push(others.shift());
    }
    result.push(item);
  }
  return [...result, ...others];
}

function orderedList(lists: {
  original: unknown;
  patch: unknown;
  order: unknown;
  schema: FieldSchema | undefined;
}): readonly unknown[] | undefined {
  const { original, patch, order, schema } = lists;
  if (!Array.isArray(order)) throw new PatchError(`${orderPrefix}… must be a list`);
  const before: readonly unknown[] = Array.isArray(original) ? original : [];
  const given: readonly unknown[] = Array.isArray(patch) ? patch : [];
  if (before.length === 0 && given.length === 0) return undefined;
  const merged = mergesLists(schema) ? mergeLists(before, given, schema) : given.length > 0 ? given : before;
  const mergeKey = schema?.mergeKey;
  const keyOf = mergeKey === undefined ? same : (item: unknown) => (isObject(item) ? item[mergeKey] : undefined);
  return arranged(merged, order, { original: before, keyOf });
}

function removeFromList(result: Record<string, unknown>, field: string, removed: unknown): void {
  const before = result[field];
  if (!Array.isArray(removed)) throw new PatchError(`${deletePrefix}${field} must be a list`);
  if (Array.isArray(before)) result[field] = before.filter((item) => !removed.includes(item));
}

function retained(original: Item, patch: Item): Record<string, unknown> {
  const keys = patch[retainKeys];
  if (keys === undefined) return { ...original };
  if (!Array.isArray(keys)) throw new PatchError(`${retainKeys} must be a list`);
  const stray = Object.entries(patch).find(
    ([key, value]) => !key.startsWith('$') && value !== null && !keys.includes(key),
  );
  if (stray !== undefined) throw new PatchError(`${stray[0]} is given, but is not in ${retainKeys}`);
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function replacedMap(patch: Item): Item {
  const { [directive]: kind, ...rest } = patch;
  if (kind === 'replace') return rest;
  if (kind === 'delete') return {};
  throw badDirective(kind);
}

function badDirective(kind: unknown): PatchError {
  return new PatchError(`${directive}: ${JSON.stringify(kind)} is not possible here: replace or delete`);
}

/** A value that is new: directives in it have nothing to act on; undefined when it is one itself. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (directive in value) return undefined;
  const members = Object.entries(value)
    .filter(([, member]) => member !== null)
    .map(([key, member]): [string, unknown] => [key, withoutDirectives(member)]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

function withoutNulls(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, member]) => member !== null));
}

function same(item: unknown): unknown {
  return item;
}
