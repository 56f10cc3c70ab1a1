import { isObject } from '../../kube/decode-fields.ts';
import { parseYaml } from '../../kube/yaml.ts';
import type { Difference } from '../types.ts';
import { shown } from './secrets.ts';

/**
 * What two configurations say differently, field by field (`ClusterConfiguration networking.serviceSubnet`), items of a
 * list by their name where they have one; secrets masked.
 */
export function diffConfigurations(before: string, after: string): readonly Difference[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((name): readonly Difference[] => {
    const [from, to] = [old.get(name), now.get(name)];
    if (from === to) return [];
    return [{ what: 'field', name, ...shown(secretNameOf(name), { from, to }) }];
  });
}

/** The argument, variable or field that a path ends in, arguments as flags are written. */
function secretNameOf(path: string): string {
  const words = path.split(/[ .]/).filter((word) => word !== 'value');
  const name = words.at(-1) ?? path;
  return words.at(-2) === 'extraArgs' ? `--${name}` : name;
}

/** Every scalar of every document by its path. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const { value } of parseYaml(text, '').documents) {
    if (!isObject(value)) continue;
    const { kind, apiVersion, ...members } = value;
    addFields(fields, `${kind} `, members);
  }
  return fields;
}

function addFields(fields: Map<string, string>, path: string, value: unknown): void {
  const below = (name: string) => (path.endsWith(' ') ? `${path}${name}` : `${path}.${name}`);
  if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) addFields(fields, below(name), member);
  } else if (Array.isArray(value)) {
    for (const [name, item] of named(value)) addFields(fields, below(name), withoutName(item));
  } else fields.set(path, String(value));
}

/** Items by name, those without one by their content or place; the second of a name gets a number. */
function named(items: readonly unknown[]): readonly (readonly [string, unknown])[] {
  const seen = new Map<string, number>();
  return items.map((item, index) => {
    const name = isObject(item) ? String(item.name ?? index) : String(item);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return [count === 1 ? name : `${name}#${count}`, item];
  });
}

function withoutName(item: unknown): unknown {
  if (!isObject(item)) return item;
  const { name, ...rest } = item;
  return Object.keys(rest).length === 0 ? name : rest;
}
