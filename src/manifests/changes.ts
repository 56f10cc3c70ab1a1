import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../kube/decode-fields.ts';
import { renderFieldPath } from '../kube/field-errors.ts';

type Path = readonly (string | number)[];

/**
 * What differs between two manifests, for people, flags by their names: `--v: 2 → 4`, `--profiling=false added`,
 * `spec.containers[0].image: a → b`. Empty when they are equal.
 */
export function describeChanges(before: unknown, after: unknown): readonly string[] {
  return changesAt([], before, after);
}

function changesAt(path: Path, before: unknown, after: unknown): readonly string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (path.at(-1) === 'command' && Array.isArray(before) && Array.isArray(after)) return flagChanges(before, after);
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => changesAt([...path, key], before[key], after[key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) return itemChanges(path, before, after);
  if (before === undefined) return [`${renderFieldPath(path)} added`];
  if (after === undefined) return [`${renderFieldPath(path)} removed`];
  return [`${renderFieldPath(path)}: ${show(before)} → ${show(after)}`];
}

/** Items with a name are compared by it, others by their place. */
function itemChanges(path: Path, before: readonly unknown[], after: readonly unknown[]): readonly string[] {
  const keyed = (items: readonly unknown[]) =>
    Object.fromEntries(items.map((item, index) => [isObject(item) ? String(item.name ?? index) : index, item]));
  const [old, now] = [keyed(before), keyed(after)];
  const changes = [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) =>
    changesAt([...path, key], old[key], now[key]),
  );
  return changes.length > 0 ? changes : [`${renderFieldPath(path)}: other order`];
}

function flagChanges(before: readonly unknown[], after: readonly unknown[]): readonly string[] {
  const [old, now] = [flagsOf(before), flagsOf(after)];
  const changes = [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) return [];
    if (was === undefined) return [`${name}${suffixOf(is)} added`];
    return is === undefined ? [`${name}${suffixOf(was)} removed`] : [`${name}: ${was} → ${is}`];
  });
  return changes.length > 0 ? changes : ['flags in another order'];
}

/** Values by flag; a flag given more than once has them all. */
function flagsOf(command: readonly unknown[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (const word of command.map(String)) {
    const [, name = word, value = ''] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    const others = flags.get(name);
    flags.set(name, others === undefined ? value : `${others}, ${value}`);
  }
  return flags;
}

function suffixOf(value: string | undefined): string {
  return value === undefined || value === '' ? '' : `=${value}`;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
