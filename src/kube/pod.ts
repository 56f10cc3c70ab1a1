import type { Finding } from '../base/diagnostics.ts';
import { errorsOf } from '../base/diagnostics.ts';
import { decodeObject } from './decode-fields.ts';
import { fieldErrors } from './field-errors.ts';
import { defaultPod, type Raw } from './pod-defaults.ts';
import { refuseKind } from './pod-kind.ts';
import type { Pod } from './types.ts';
import { validatePod } from './validate-pod.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

/** The largest manifest that the kubelet reads (pkg/kubelet/config/file.go, maxConfigLength). */
const maxManifestBytes = 10 * 1024 * 1024;

export type DecodedPod = { readonly pod?: Pod; readonly findings: readonly Finding[] };

/**
 * Reads a manifest, JSON or YAML, as the kubelet reads a static pod: one v1 Pod, decoded, defaulted, validated as on
 * creation, without references to API objects. `pod` is there when no finding is an error. `file` is for the findings.
 */
export function decodePod(text: string, file: string): DecodedPod {
  if (Buffer.byteLength(text) > maxManifestBytes) {
    const message = `no static pod: ${Buffer.byteLength(text)} bytes; the largest manifest read is 10 MiB`;
    return { findings: [{ severity: 'error', file, message }] };
  }
  const { documents, findings } = parseYaml(text, file);
  if (errorsOf(findings).length > 0) return { findings };
  const refused = refuseKind(documents);
  const [document] = documents;
  if (refused !== undefined || document === undefined) {
    const place = documents.at(-1)?.position([]) ?? { line: 1, column: 1 };
    return {
      findings: [...findings, { severity: 'error', file, ...place, ...refused, message: refused?.message ?? '' }],
    };
  }
  const decoded = decodePodDocument(document, file);
  return { ...decoded, findings: [...findings, ...decoded.findings] };
}

/** The same for a document that is parsed already and known to be a v1 Pod. */
export function decodePodDocument(document: YamlDocument, file: string): DecodedPod {
  const errors = fieldErrors(file, document.position);
  const raw = decodeObject(document.value, 'Pod', { path: [], errors });
  const pod = defaultPod((raw ?? {}) as Raw<Pod>);
  validatePod(pod, errors);
  return errorsOf(errors.findings).length > 0 ? { findings: errors.findings } : { pod, findings: errors.findings };
}
