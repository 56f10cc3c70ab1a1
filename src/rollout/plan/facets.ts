import { isObject } from '../../kube/decode-fields.ts';
import type { Container, EnvVar, Pod, Volume, VolumeMount } from '../../kube/types.ts';
import { parseCommand } from '../../manifests/command-line.ts';
import type { DifferenceKind } from '../types.ts';

/** One thing that a pod says, as it would be changed: a flag, a variable, a mount, a field. `value` may be a secret. */
export type Facet = { readonly what: DifferenceKind; readonly name: string; readonly value: string };

/** By a key that two forms of a pod share. */
export type Facets = ReadonlyMap<string, Facet>;

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/**
 * All that a pod says, whatever its order and formatting; flags that are given several times keep theirs. What the
 * agent adds to a manifest (node name, tolerance of NoExecute, annotations of the source) is left out.
 */
export function facetsOf(pod: Pod): Facets {
  const { containers, volumes = [], nodeName: _nodeName, tolerations = [], ...rest } = pod.spec;
  const { labels = {}, annotations = {}, namespace, name } = pod.metadata;
  const [main, ...others] = containers;
  const facets = [
    ...(main === undefined ? [] : containerFacets(main, volumes, '')),
    ...others.flatMap((container) => containerFacets(container, volumes, `containers[${container.name}].`)),
    ...unmounted(volumes, containers),
    ...flattened('tolerations', tolerations.filter(isWritten)),
    ...Object.entries(rest).flatMap(([field, value]) => flattened(field, value)),
    ...flattened('metadata', { name, namespace, labels, annotations: withoutSource(annotations) }),
  ];
  return new Map(facets.map((facet) => [`${facet.what} ${facet.name}`, facet]));
}

function containerFacets(container: Container, volumes: readonly Volume[], prefix: string): readonly Facet[] {
  const { command = [], args = [], env = [], image, resources, volumeMounts = [], ...others } = container;
  const line = parseCommand([...command, ...args]);
  const fields = Object.entries(others).flatMap(([field, value]) =>
    flattened(`${prefix}${field}`, value, probes.some((probe) => probe === field) ? 'probe' : 'field'),
  );
  return [
    ...flattened(`${prefix}command`, line.program),
    ...[...line.flags].map(([name, values]) => facet('flag', `${prefix}${name}`, values.join(', '))),
    ...env.map((variable) => facet('env', `${prefix}${variable.name}`, variableText(variable))),
    facet('image', `${prefix}image`, image),
    ...flattened(`${prefix}resources`, resources, 'resources'),
    ...volumeMounts.map((mount) => mountFacet(mount, { volumes, volumeMounts, prefix })),
    ...fields,
  ];
}

function facet(what: DifferenceKind, name: string, value: string): Facet {
  return { what, name, value };
}

function variableText({ value, valueFrom }: EnvVar): string {
  return valueFrom === undefined ? (value ?? '') : `from ${JSON.stringify(valueFrom)}`;
}

type Mounts = {
  readonly volumes: readonly Volume[];
  readonly volumeMounts: readonly VolumeMount[];
  readonly prefix: string;
};

/** `/etc/kubernetes/pki (DirectoryOrCreate), read-only`, and where it is mounted when that is elsewhere. */
function mountFacet(mount: VolumeMount, { volumes, volumeMounts, prefix }: Mounts): Facet {
  const { name, mountPath, readOnly = false, ...more } = mount;
  const volume = volumes.find((candidate) => candidate.name === name);
  const alone = volumeMounts.filter((other) => other.name === name).length === 1;
  const parts = [
    volumeText(volume),
    ...(volume?.hostPath?.path === mountPath ? [] : [`at ${mountPath}`]),
    ...(readOnly ? ['read-only'] : []),
    ...Object.entries(more).map(([key, value]) => `${key} ${String(value)}`),
  ];
  return facet('mount', `${prefix}${alone ? name : `${name} at ${mountPath}`}`, parts.join(', '));
}

function volumeText(volume: Volume | undefined): string {
  if (volume === undefined) return 'no volume';
  const { name: _name, hostPath, ...others } = volume;
  if (hostPath === undefined) return JSON.stringify(others);
  return `${hostPath.path}${hostPath.type ? ` (${hostPath.type})` : ''}`;
}

function unmounted(volumes: readonly Volume[], containers: readonly Container[]): readonly Facet[] {
  const mounted = new Set(containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  return volumes
    .filter(({ name }) => !mounted.has(name))
    .map((volume) => facet('mount', volume.name, `${volumeText(volume)}, not mounted`));
}

/** The leaves of a value by their paths; items with a name by it, lists of plain values as one. */
function flattened(path: string, value: unknown, what: DifferenceKind = 'field'): readonly Facet[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    if (!value.some(isObject)) return [facet(what, path, value.map(String).join(' '))];
    return value.flatMap((item, index) =>
      flattened(`${path}[${isObject(item) ? String(item.name ?? index) : index}]`, item, what),
    );
  }
  if (!isObject(value)) return [facet(what, path, String(value))];
  return Object.entries(value).flatMap(([key, member]) =>
    flattened(/^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${key}]`, member, what),
  );
}

/** The agent adds the tolerance of every NoExecute taint to pods of files (kubelet pkg/kubelet/config/common.go). */
function isWritten(toleration: {
  readonly key?: string;
  readonly operator?: string;
  readonly effect?: string;
}): boolean {
  const { key, operator, effect } = toleration;
  return !(key === undefined && operator === 'Exists' && effect === 'NoExecute');
}

function withoutSource(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).filter(([name]) => !/^kubernetes\.io\/config\.(?:hash|source|seen|mirror)$/.test(name)),
  );
}
