import { errorsOf, renderFinding } from '../../base/diagnostics.ts';
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
  if (pod === undefined || errors.length > 0) return { reason: errors.map(renderFinding).join('\n'), warnings };
  return { desired: staticPod({ pod, written: parseJsonOrYaml(text), ...origin }), warnings };
}
