import { parseDuration } from '../base/duration.ts';
import { nearest } from '../kube/names.ts';
import type { Path } from '../kube/yaml.ts';
import type { Decoded, Fields, FieldType, Scalar } from './schema.ts';

/** One thing that does not fit the table: at the key (unknown field) or at the value (wrong type). */
export type Misfit = {
  readonly path: Path;
  readonly of: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
};

/**
 * Walks a value along its table and hands back what fits it: unknown fields and values of a wrong type are told to
 * `misfit` and left out, so that the rest can still be checked. Null counts as absent, as in Go's JSON decoder.
 * `elsewhere` says which other document has a field of this name.
 */
export function decode<T extends FieldType>(
  type: T,
  value: unknown,
  misfit: (found: Misfit) => void,
  elsewhere: (name: string) => string | undefined = () => undefined,
): Decoded<T> | undefined {
  // The walk goes by `type` itself; what it lets through has the type that Decoded computes from it.
  return walk(type, value, { path: [], root: type, elsewhere, misfit }) as Decoded<T> | undefined;
}

type Walk = {
  readonly path: Path;
  readonly root: FieldType;
  readonly elsewhere: (name: string) => string | undefined;
  readonly misfit: (found: Misfit) => void;
};

function walk(type: FieldType, value: unknown, at: Walk): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof type === 'string') return scalar(type, value, at);
  if ('oneOf' in type) return choice(type.oneOf, value, at);
  if ('list' in type) return list(type.list, value, at);
  if (!isMapping(value)) return wrongType(at, 'a map', value);
  if ('map' in type) return members(value, at, () => type.map);
  return members(value, at, (name) => (Object.hasOwn(type.fields, name) ? type.fields[name] : undefined), type.fields);
}

function members(
  value: Readonly<Record<string, unknown>>,
  at: Walk,
  typeOf: (name: string) => FieldType | undefined,
  fields: Fields = {},
): Readonly<Record<string, unknown>> {
  const decoded: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const type = typeOf(name);
    if (type === undefined) unknownField(name, at, fields);
    else {
      const fitting = walk(type, member, { ...at, path: [...at.path, name] });
      if (fitting !== undefined) decoded.push([name, fitting]);
    }
  }
  return Object.fromEntries(decoded);
}

function list(item: FieldType, value: unknown, at: Walk): unknown {
  if (!Array.isArray(value)) return wrongType(at, 'a list', value, listHint(item, value));
  const decoded: unknown[] = value.map((member: unknown, index) => {
    const inside = { ...at, path: [...at.path, index] };
    return member === null ? wrongType(inside, 'a value', member) : walk(item, member, inside);
  });
  // Without the misfits the others would move up, and findings about them would name the wrong lines.
  return decoded.includes(undefined) ? undefined : decoded;
}

function listHint(item: FieldType, value: unknown): string | undefined {
  const pairs = typeof item === 'object' && 'fields' in item && 'name' in item.fields && 'value' in item.fields;
  return pairs && isMapping(value) ? 'since v1beta4 it is a list of `name:` and `value:` pairs' : undefined;
}

function choice(words: readonly string[], value: unknown, at: Walk): string | undefined {
  if (typeof value !== 'string') return wrongType(at, 'text', value);
  if (value === '' || words.includes(value)) return value === '' ? undefined : value;
  const near = nearest(value, words);
  const meant = near === undefined ? '' : `, did you mean \`${near}\`?`;
  at.misfit({ path: at.path, of: 'value', message: `must be one of ${words.join(', ')}, is \`${value}\`${meant}` });
  return undefined;
}

const scalarForms: Readonly<Record<Scalar, { readonly noun: string; readonly fits: (value: unknown) => boolean }>> = {
  string: { noun: 'text', fits: isText },
  boolean: { noun: 'true or false', fits: (value) => typeof value === 'boolean' },
  int32: { noun: 'a whole number', fits: wholeNumber(-(2 ** 31), 2 ** 31 - 1) },
  int64: { noun: 'a whole number', fits: wholeNumber(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) },
  uint32: { noun: 'a whole number of 0 or more', fits: wholeNumber(0, 2 ** 32 - 1) },
  float: { noun: 'a number', fits: (value) => typeof value === 'number' && Number.isFinite(value) },
  duration: { noun: 'a duration such as `4m0s`', fits: isDuration },
  durationOrNumber: {
    noun: 'a duration such as `5s`',
    fits: (value) => typeof value === 'number' || isDuration(value),
  },
  time: { noun: 'a time such as `2027-01-31T12:00:00Z`', fits: isTime },
  quantity: { noun: 'a quantity such as `512Mi`', fits: isQuantity },
};

function scalar(type: Scalar, value: unknown, at: Walk): unknown {
  const { noun, fits } = scalarForms[type];
  if (fits(value)) return value;
  const hint = quotingHint(type, value);
  return wrongType(at, noun, value, hint);
}

function quotingHint(type: Scalar, value: unknown): string | undefined {
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return 'put it in quotes';
  const looksRight = type === 'boolean' ? /^(?:true|false)$/ : /^-?\d+$/;
  const unquoted = type === 'boolean' || type.startsWith('int') || type === 'uint32';
  return unquoted && isText(value) && looksRight.test(value) ? 'write it without quotes' : undefined;
}

function wrongType(at: Walk, wanted: string, value: unknown, hint?: string): undefined {
  at.misfit({
    path: at.path,
    of: 'value',
    message: `must be ${wanted}, is ${nounOf(value)}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What a value is, without showing it: it may be a secret in the wrong place. */
function nounOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a map';
  if (typeof value === 'boolean') return `\`${value}\``;
  return isText(value) ? 'other text' : `the number ${String(value)}`;
}

function unknownField(name: string, at: Walk, fields: Fields): void {
  at.misfit({
    path: [...at.path, name],
    of: 'key',
    message: `unknown field \`${name}\`${meantBy(name, at, fields)}`,
    ...(name === 'timeoutForControlPlane' && {
      hint: 'since v1beta4 it is timeouts.controlPlaneComponentHealthCheck of InitConfiguration',
    }),
  });
}

/** The very name at another place says more than a similar one here. */
function meantBy(name: string, at: Walk, fields: Fields): string {
  const place = placeOf(name, at.root);
  const other = place === undefined ? at.elsewhere(name) : undefined;
  if (place === name) return ', it belongs to the top level';
  if (other !== undefined) return `, it belongs to ${other}`;
  const near = place ?? nearest(name, Object.keys(fields));
  return near === undefined ? '' : `, did you mean \`${near}\`?`;
}

/** The path of a field of this name elsewhere in the document: it may be indented wrongly. */
function placeOf(name: string, type: FieldType): string | undefined {
  if (typeof type === 'string' || !('fields' in type)) return undefined;
  if (Object.hasOwn(type.fields, name)) return name;
  for (const [member, inner] of Object.entries(type.fields)) {
    const place = placeOf(name, inner);
    if (place !== undefined) return `${member}.${place}`;
  }
  return undefined;
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function wholeNumber(least: number, most: number): (value: unknown) => boolean {
  return (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isDuration(value: unknown): boolean {
  return isText(value) && parseDuration(value) !== undefined;
}

function isTime(value: unknown): boolean {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/;
  return isText(value) && form.test(value) && !Number.isNaN(Date.parse(value));
}

/** k8s.io/apimachinery resource.Quantity. */
function isQuantity(value: unknown): boolean {
  if (typeof value === 'number') return true;
  return isText(value) && /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][-+]?\d+)?$/.test(value);
}
