import { decodePod } from '../../kube/pod.ts';
import type { Pod } from '../../kube/types.ts';
import type { Difference, DifferenceKind } from '../types.ts';
import { type Facet, type Facets, facetsOf } from './facets.ts';
import { shown } from './secrets.ts';

/** What two manifests say differently, flag by flag; empty when only order or formatting differs. Undefined = no file. */
export function diffManifests(before: string | undefined, after: string | undefined): readonly Difference[] {
  if (before === after) return [];
  const [old, now] = [read(before), read(after)];
  if (typeof old === 'object' && typeof now === 'object') return differences(old, now);
  const text = (side: Pod | string | undefined) => (typeof side === 'object' ? 'a Pod' : side);
  const [from, to] = [text(old), text(now)];
  return [{ what: 'file', name: 'manifest', ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
}

function differences(before: Pod, after: Pod): readonly Difference[] {
  const [old, now] = [facetsOf(before), facetsOf(after)];
  return differingKeys(old, now).map((key) => difference(old.get(key), now.get(key)));
}

/** Keys of what is not the same in both, in the order in which they are shown. */
export function differingKeys(before: Facets, after: Facets): readonly string[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const facet = (key: string) => after.get(key) ?? before.get(key);
  return keys
    .filter((key) => before.get(key)?.value !== after.get(key)?.value)
    .sort((a, b) => rank(facet(a)) - rank(facet(b)) || (a < b ? -1 : 1));
}

/** One difference of two facets with the same key, secrets masked. */
export function difference(before: Facet | undefined, after: Facet | undefined): Difference {
  const { what, name } = after ?? before ?? { what: 'field', name: '' };
  return { what, name, ...shown(name, { from: before?.value, to: after?.value }) };
}

const order: readonly DifferenceKind[] = ['file', 'image', 'flag', 'env', 'mount', 'resources', 'probe', 'field'];

function rank(facet: Facet | undefined): number {
  return facet === undefined ? 0 : order.indexOf(facet.what);
}

function read(text: string | undefined): Pod | string | undefined {
  return text === undefined ? undefined : (decodePod(text, 'manifest').pod ?? 'no valid Pod');
}
