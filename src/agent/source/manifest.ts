import { errorsOf, type Finding, renderFinding } from '../../base/diagnostics.ts';
import { decodePod } from '../../kube/pod.ts';
import { parseJsonOrYaml } from '../../kube/yaml.ts';
import type { DesiredPod } from '../desired.ts';
import { staticPod } from './identity.ts';

export type ParsedManifest = {
  readonly desired?: DesiredPod;
  /** Why it is no static pod. */
  readonly reason?: string;
  readonly warnings: readonly string[];
};

/** One manifest's text as the pod it wants on this node. */
export function parseManifest(
  text: string,
  origin: { readonly file: string; readonly nodeName: string; readonly seen: string },
): ParsedManifest {
  const { pod, findings } = decodePod(text, origin.file);
  const errors = errorsOf(findings);
  const warnings = findings.filter(({ severity }) => severity === 'warning').map(renderFinding);
  if (pod === undefined || errors.length > 0) return { reason: reasonOf(errors), warnings };
  return { desired: staticPod({ pod, written: parseJsonOrYaml(text), ...origin }), warnings };
}

/** As many findings as one reads; a status holds those of every file. */
const mostFindings = 100;

/** Findings as the reason why a manifest does not count. */
export function reasonOf(errors: readonly Finding[]): string {
  const lines = errors.slice(0, mostFindings).map(renderFinding);
  const more = errors.length - lines.length;
  return [...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}
