import type { Pod } from '../../kube/types.ts';

/** What the downward API tells beside the manifest. */
export type PodAddresses = { readonly hostIPs: readonly string[]; readonly podIPs: readonly string[] };

/** The value of a `fieldRef` (kubernetes pkg/fieldpath, kubelet_pods.go podFieldSelectorRuntimeValue); throws for an unknown path. */
export function fieldValue(pod: Pod, fieldPath: string, addresses: PodAddresses): string {
  const { metadata, spec } = pod;
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (map !== undefined && key !== undefined) return metadata[map === 'labels' ? 'labels' : 'annotations']?.[key] ?? '';
  const values: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': allOf(metadata.labels),
    'metadata.annotations': allOf(metadata.annotations),
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.hostIP': addresses.hostIPs[0],
    'status.hostIPs': addresses.hostIPs.join(','),
    'status.podIP': addresses.podIPs[0],
    'status.podIPs': addresses.podIPs.join(','),
  };
  if (!(fieldPath in values)) throw new Error(`fieldRef: there is no field ${fieldPath} to refer to`);
  return values[fieldPath] ?? '';
}

/** One `key="value"` a line, sorted, as in a downward API file (fieldpath.FormatMap). */
function allOf(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join('\n');
}

/** As Go's %q: JSON's escapes but for the control characters. */
function quoted(value: string): string {
  const short: Readonly<Record<string, string>> = { '0007': '\\a', '000b': '\\v' };
  return JSON.stringify(value)
    .replace(/\\(?:\\|u([0-9a-f]{4}))/g, (whole, code: string | undefined) =>
      code !== undefined && Number.parseInt(code, 16) < 0x20 ? (short[code] ?? `\\x${code.slice(2)}`) : whole,
    )
    .replaceAll('\x7f', '\\x7f');
}
