import type { FieldErrors, FieldPath } from './field-errors.ts';
import { nearest } from './names.ts';
import { type FieldSchema, podTypes } from './pod-schema.ts';
import { parseQuantity } from './quantity.ts';

type Place = { readonly path: FieldPath; readonly errors: FieldErrors };

/**
 * Reads an object as the named type of pod-schema: wrong types are errors; unknown fields are warnings and left out, as
 * the kubelet's lenient decoder does; `null` is the same as absent.
 */
export function decodeObject(
  value: unknown,
  type: string,
  place: Place,
): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(value)) {
    place.errors.mistyped(place.path, `expected an object, found ${kindOf(value)}`);
    return undefined;
  }
  const fields = podTypes.get(type);
  if (fields === undefined) throw new Error(`pod schema has no type ${type}`);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const field = fields.get(name);
    const at = { ...place, path: [...place.path, name] };
    if (field === undefined) {
      const known = nearest(name, [...fields.keys()]);
      const hint = known === undefined ? undefined : `did you mean ${known}?`;
      place.errors.warning(at.path, 'unknown field, ignored as the kubelet does', hint);
    } else if (member !== null && member !== undefined) {
      const decoded = decodeField(member, field, at);
      if (decoded !== undefined) result[name] = decoded;
    }
  }
  return result;
}

function decodeField(value: unknown, field: FieldSchema, place: Place): unknown {
  // Go reads null in a list or map as the zero value.
  const decode = (member: unknown, key: string | number) =>
    (member === null ? undefined : decodeValue(member, field.type, { ...place, path: [...place.path, key] })) ??
    standIn(field.type);
  if (field.form === 'list') {
    if (!Array.isArray(value)) return wrong(value, 'a list', place);
    return value.map(decode);
  }
  if (field.form === 'map') {
    if (!isObject(value)) return wrong(value, 'a map', place);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, decode(member, key)]));
  }
  return decodeValue(value, field.type, place);
}

function decodeValue(value: unknown, type: string, place: Place): unknown {
  const scalar = scalars[type];
  if (scalar === undefined) return decodeObject(value, type, place);
  return scalar.accepts(value) ? scalar.read(value) : wrong(value, scalar.name, place);
}

/** The zero value, in place of null or a wrong item of a list or map, so that the rest can be checked as well. */
function standIn(type: string): unknown {
  if (scalars[type] === undefined) return {};
  if (type === 'quantity') return '0';
  return type.startsWith('int') ? 0 : '';
}

type Scalar = { readonly name: string; accepts(value: unknown): boolean; read(value: unknown): unknown };

const same = (value: unknown) => value;
const isString = (value: unknown) => typeof value === 'string';
const isInteger = (bits: number) => (value: unknown) =>
  (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** (bits - 1)) ||
  (typeof value === 'bigint' && BigInt.asIntN(bits, value) === value);
const toNumber = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
const isQuantity = (value: unknown) =>
  ['string', 'number', 'bigint'].includes(typeof value) && parseQuantity(String(value)) !== undefined;

const scalars: Readonly<Record<string, Scalar>> = {
  string: { name: 'a string', accepts: isString, read: same },
  bytes: { name: 'a base64 string', accepts: isString, read: same },
  time: { name: 'a time such as 2026-01-31T12:00:00Z', accepts: isString, read: same },
  bool: { name: 'true or false', accepts: (value) => typeof value === 'boolean', read: same },
  int32: { name: 'a whole number of 32 bits', accepts: isInteger(32), read: same },
  int64: { name: 'a whole number of 64 bits', accepts: isInteger(64), read: toNumber },
  quantity: { name: 'a quantity such as 250m or 100Mi', accepts: isQuantity, read: String },
  intOrString: {
    name: 'a whole number or a string',
    accepts: (value) => isString(value) || isInteger(32)(value),
    read: same,
  },
  any: { name: 'anything', accepts: () => true, read: same },
};

function wrong(value: unknown, expected: string, place: Place): undefined {
  const quotable = expected === 'a string' && ['number', 'bigint', 'boolean'].includes(typeof value);
  place.errors.mistyped(
    place.path,
    `expected ${expected}, found ${kindOf(value)}`,
    quotable ? `put it in quotes: "${String(value)}"` : undefined,
  );
  return undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return `the ${typeof value === 'bigint' ? 'number' : typeof value} ${shown}`;
}
