import type { KeyObject, X509Certificate } from 'node:crypto';
import { errorsOf, type Finding } from '../base/diagnostics.ts';
import type { CertificateSpec } from './certificates.ts';
import { inspectPair, validity } from './inspect.ts';
import { type CertificateFacts, type PlannedCertificate, pairPaths } from './planned.ts';

/**
 * A CA as found. `external`: its key is elsewhere, so everything it signs must be supplied. `absent`: to be made, from
 * `key` when a run was interrupted between key and certificate.
 */
export type CaState = {
  readonly state: 'ready' | 'external' | 'absent' | 'broken';
  readonly spec: CertificateSpec;
  readonly paths: PlannedCertificate['paths'];
  /** The first one signs; the others are trusted beside it. */
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject | undefined;
  readonly because: string;
  readonly findings: readonly Finding[];
};

/** Judges what is there of one CA. Whose it is does not matter: a CA that the user put there is used. */
export function inspectCa(spec: CertificateSpec, facts: CertificateFacts): CaState {
  const paths = pairPaths(facts, spec);
  const found = { crt: facts.files.get(paths.crt), key: facts.files.get(paths.key) };
  const pair = inspectPair(paths, found);
  const findings = [...pair.findings];
  const [certificate] = pair.certificates;
  const base = { spec, paths, certificates: pair.certificates, key: pair.key };
  if (certificate === undefined) {
    if (errorsOf(findings).length > 0) return { ...base, state: 'broken', because: '', findings };
    const because = found.key === undefined ? 'not there' : `${spec.baseName}.key is there without its certificate`;
    return { ...base, state: 'absent', because, findings };
  }
  if (!certificate.ca) findings.push(notACa(paths.crt));
  const { because, problem } = validity(certificate, facts.now);
  if (problem !== undefined) findings.push({ severity: 'warning', file: paths.crt, message: problem });
  if (errorsOf(findings).length > 0) return { ...base, state: 'broken', because, findings };
  if (found.key === undefined) {
    return {
      ...base,
      state: 'external',
      because: `external CA, ${spec.baseName}.key is not here; ${because}`,
      findings,
    };
  }
  return { ...base, state: 'ready', because, findings };
}

function notACa(file: string): Finding {
  return {
    severity: 'error',
    file,
    message: 'is not the certificate of a CA (basicConstraints does not say CA:TRUE)',
    hint: 'restore the CA certificate, or move .crt and .key away to have a new CA made',
  };
}
