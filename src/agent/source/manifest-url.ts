import { errorsOf, type Finding, renderFinding } from '../../base/diagnostics.ts';
import { isObject } from '../../kube/decode-fields.ts';
import { decodePod, decodePodDocument } from '../../kube/pod.ts';
import { podKey } from '../../kube/types.ts';
import { parseYaml, type YamlDocument } from '../../kube/yaml.ts';
import type { DesiredPod } from '../desired.ts';
import { staticPod } from './identity.ts';
import { reasonOf } from './manifest.ts';

export type ParsedUrl = {
  readonly pods: ReadonlyMap<string, DesiredPod>;
  /** Why the whole of it does not count. */
  readonly reason?: string;
  readonly warnings: readonly string[];
};

type Origin = {
  readonly url: string;
  /** The URL as it may be shown. */
  readonly file: string;
  readonly nodeName: string;
  readonly seen: string;
};

/**
 * What a manifest URL answered: a v1 Pod or a v1 PodList (kubelet pkg/kubelet/config/http.go). One pod that is not valid
 * makes all of it invalid, so that the last good set stays whole.
 */
export function parseManifestUrl(text: string, origin: Origin): ParsedUrl {
  const { documents, findings } = parseYaml(text, origin.file);
  const [document] = documents;
  const list = document?.value;
  const isPodList = isObject(list) && list.kind === 'PodList' && list.apiVersion === 'v1' && documents.length === 1;
  if (!isPodList || document === undefined || errorsOf(findings).length > 0) {
    const { pod, findings: said } = decodePod(text, origin.file);
    const written = document?.value;
    return collect([{ ...(pod && { desired: staticPod({ pod, written, ...origin }) }), findings: said }]);
  }
  const items = Array.isArray(list.items) ? list.items : [];
  return collect(items.map((_item, index) => decodeItem(document, index, origin)));
}

type Decoded = { readonly desired?: DesiredPod; readonly findings: readonly Finding[] };

function decodeItem(document: YamlDocument, index: number, origin: Origin): Decoded {
  const value: unknown = (document.value as { readonly items: readonly unknown[] }).items[index];
  const item: YamlDocument = { value, position: (path, of) => document.position(['items', index, ...path], of) };
  const { pod, findings } = decodePodDocument(item, origin.file);
  return { ...(pod && { desired: staticPod({ pod, written: value, ...origin }) }), findings };
}

function collect(decoded: readonly Decoded[]): ParsedUrl {
  const findings = decoded.flatMap((one) => one.findings);
  const warnings = findings.filter(({ severity }) => severity === 'warning').map(renderFinding);
  const errors = errorsOf(findings);
  if (errors.length > 0) return { pods: new Map(), reason: reasonOf(errors), warnings };
  const pods = new Map<string, DesiredPod>();
  for (const { desired } of decoded) {
    if (desired === undefined) continue;
    const key = podKey(desired.pod);
    if (pods.has(key)) warnings.push(`${desired.file} holds ${key} twice: the first counts`);
    else pods.set(key, desired);
  }
  return { pods, warnings };
}
