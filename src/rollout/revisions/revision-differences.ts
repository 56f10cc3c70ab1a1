import type { ComponentName } from '../../manifests/component.ts';
import { components } from '../../manifests/components.ts';
import { diffConfigurations } from '../plan/configuration-differences.ts';
import { diffManifests } from '../plan/differences.ts';
import type { Difference } from '../types.ts';
import type { Fingerprint, RevisionContent } from './revision.ts';

/** What two states of the control plane say differently. Secrets are masked. */
export type RevisionDifferences = {
  readonly components: readonly { readonly component: ComponentName; readonly differences: readonly Difference[] }[];
  /** Certificates and kubeconfigs by their file names. */
  readonly certificates: readonly Difference[];
  /** Files that a component mounts, certificates left out: only that they changed. */
  readonly files: readonly Difference[];
  readonly configuration: readonly Difference[];
};

/** Flag by flag for manifests, field by field for the configuration; members without differences are empty. */
export function diffRevisions(before: RevisionContent, after: RevisionContent): RevisionDifferences {
  const manifests = components.map(({ name }) => ({
    component: name,
    differences: diffManifests(before.manifests[name], after.manifests[name]),
  }));
  return {
    components: manifests.filter(({ differences }) => differences.length > 0),
    certificates: certificateDifferences(before.certificates, after.certificates),
    files: fileDifferences(before, after),
    configuration: diffConfigurations(before.configuration, after.configuration),
  };
}

export function isEmpty(found: RevisionDifferences): boolean {
  return Object.values(found).every((list) => list.length === 0);
}

/** What changed in a few words each, for the history; the configuration only where nothing else says it. */
export function describeDifferences(found: RevisionDifferences): readonly string[] {
  const manifests = found.components.flatMap(({ component, differences }) =>
    differences.map((difference) => `${component} ${differenceText(difference)}`),
  );
  const others = [...manifests, ...[...found.certificates, ...found.files].map(differenceText)];
  return others.length > 0 ? others : found.configuration.map(differenceText);
}

/** `--v 2 → 4`, `--profiling=false added`, `spec.x removed (was y)`. */
export function differenceText({ what, name, from, to }: Difference): string {
  const joined = (value: string) => (what === 'flag' ? `${name}=${value}` : `${name} ${value}`);
  if (from === undefined) return to === undefined || to === '' ? `${name} added` : `${joined(to)} added`;
  if (to === undefined) return from === '' ? `${name} removed` : `${joined(from)} removed`;
  return `${name} ${from} → ${to}`;
}

function certificateDifferences(before: readonly Fingerprint[], after: readonly Fingerprint[]): readonly Difference[] {
  const [old, now] = [byPath(before), byPath(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path): readonly Difference[] => {
    const [from, to] = [old.get(path), now.get(path)];
    const name = path
      .split('/')
      .slice(path.includes('/etcd/') ? -2 : -1)
      .join('/');
    if (from?.fingerprint === to?.fingerprint && from?.server === to?.server) return [];
    return [{ what: 'file', name, ...(from && { from: shown(from) }), ...(to && { to: shown(to) }) }];
  });
}

function byPath(list: readonly Fingerprint[]): ReadonlyMap<string, Fingerprint> {
  return new Map(list.map((fingerprint) => [fingerprint.path, fingerprint]));
}

/** Enough of a fingerprint to tell two apart. */
function shown({ fingerprint, server }: Fingerprint): string {
  const short = fingerprint.replaceAll(':', '').slice(0, 8).toLowerCase();
  return server === undefined ? short : `${short} for ${server}`;
}

function fileDifferences(before: RevisionContent, after: RevisionContent): readonly Difference[] {
  const certificates = new Set([...before.certificates, ...after.certificates].map(({ path }) => path));
  return components.flatMap(({ name: component }) => {
    const [old, now] = [before.files[component] ?? {}, after.files[component] ?? {}];
    return [...new Set([...Object.keys(old), ...Object.keys(now)])]
      .filter((path) => old[path] !== now[path] && !certificates.has(path.replace(/\.key$/, '.crt')))
      .map((path): Difference => {
        const [from, to] = [old[path]?.slice(0, 8), now[path]?.slice(0, 8)];
        return { what: 'file', name: `${component} ${path}`, ...(from && { from }), ...(to && { to }) };
      });
  });
}
