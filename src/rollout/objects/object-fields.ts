import { differencesOf, type Difference as ObjectDifference } from '../../cluster/differences.ts';
import { type ApiObject, objectTitle } from '../../cluster/wanted-object.ts';
import { diffConfigurations } from '../plan/configuration-differences.ts';
import { shown } from '../plan/secrets.ts';
import type { Difference } from '../types.ts';

/**
 * What two states of an object say differently, field by field, also inside a document that it holds as text (`ConfigMap
 * kube-system/kubelet-config kubelet: maxPods`). Secrets are masked, other long texts cut to the first line that differs.
 */
export function objectFields(from: ApiObject, to: ApiObject): readonly Omit<Difference, 'what'>[] {
  return fieldsOf(objectTitle(to), differencesOf(from, to));
}

/** The same of differences that are known already. */
export function fieldsOf(title: string, differences: readonly ObjectDifference[]): readonly Omit<Difference, 'what'>[] {
  return differences.flatMap((difference) => fieldOf(title, difference));
}

function fieldOf(title: string, { path, from, to }: ObjectDifference): readonly Omit<Difference, 'what'>[] {
  const name = `${title} ${path.replace(/^data\./, '')}`;
  if (typeof from === 'string' && typeof to === 'string' && from.includes('\n') && to.includes('\n')) {
    const inside = diffConfigurations(from, to);
    if (inside.length > 0)
      return inside.map(({ what: _what, ...field }) => ({ ...field, name: `${name}: ${withoutKind(field.name)}` }));
    return [{ name, ...shown(path, firstDifference(from.split('\n'), to.split('\n'))) }];
  }
  return [{ name, ...shown(path.split('.').at(-1) ?? path, { from: textOf(from), to: textOf(to) }) }];
}

/** `KubeletConfiguration maxPods`: the object's name says the kind already. */
function withoutKind(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}

function firstDifference(from: readonly string[], to: readonly string[]) {
  const index = from.findIndex((line, at) => line !== to[at]);
  const at = index < 0 ? from.length : index;
  return { from: from[at]?.trim() ?? '', to: to[at]?.trim() ?? '' };
}

function textOf(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}
