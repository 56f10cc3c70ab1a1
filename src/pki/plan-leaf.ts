import type { X509Certificate } from 'node:crypto';
import { errorsOf, type Finding } from '../base/diagnostics.ts';
import type { CaState } from './certificate-authority.ts';
import type { CertificateSpec } from './certificates.ts';
import { type FoundPair, inspectPair, isSignedBy, missingSans, validity, wouldBeIssuedBy } from './inspect.ts';
import { type CertificateFacts, type PlannedCertificate, type PlannedItem, pairPaths } from './planned.ts';
import { usageOids } from './x509.ts';

/** The CA that signs; `planned` = it is made in the same run when it is absent. */
type Authority = CaState & { readonly planned: boolean };

/** Decides about one certificate that a CA signs. */
export function planLeaf(spec: CertificateSpec, authority: Authority, facts: CertificateFacts): PlannedItem {
  const paths = pairPaths(facts, spec);
  const found = { crt: facts.files.get(paths.crt), key: facts.files.get(paths.key) };
  const pair = inspectPair(paths, found);
  const [certificate] = pair.certificates;
  const item = {
    kind: 'certificate',
    name: spec.name,
    file: `${spec.baseName}.crt`,
    spec,
    paths,
    key: pair.key,
  } as const;
  const findings = [...pair.findings];
  if (found.crt === undefined) {
    findings.push(...cannotCreate(paths, authority));
    const because = found.key === undefined ? 'not there' : `${spec.baseName}.key is there without its certificate`;
    return done({ ...item, action: 'create', because, certificate: undefined }, findings);
  }
  if (found.key === undefined) findings.push(withoutKey(paths, spec));
  if (certificate === undefined) return done(undefined, findings);
  findings.push(...judge({ spec, paths, pair, certificate }, authority, facts));
  return done({ ...item, action: 'keep', because: validity(certificate, facts.now).because, certificate }, findings);
}

function done(item: PlannedCertificate | undefined, findings: readonly Finding[]): PlannedItem {
  return { item: errorsOf(findings).length > 0 ? undefined : item, findings };
}

function cannotCreate(paths: PlannedCertificate['paths'], authority: Authority): readonly Finding[] {
  const error = { severity: 'error', file: paths.crt } as const;
  if (authority.state === 'external') {
    const message = `is missing, and ${authority.paths.key} is not here to sign a new one`;
    return [{ ...error, message, hint: `supply ${paths.crt} and ${paths.key}, or the CA's key` }];
  }
  if (authority.state !== 'absent' || authority.planned) return [];
  const hint = `run \`bootstrap init phase certs ${authority.spec.name}\` first`;
  return [{ ...error, message: `cannot be made: ${authority.paths.crt} is not there`, hint }];
}

function withoutKey(paths: PlannedCertificate['paths'], spec: CertificateSpec): Finding {
  const hint = `put the key back, or delete ${paths.crt} and run \`bootstrap init phase certs ${spec.name}\``;
  return { severity: 'error', file: paths.crt, message: `is there without its key ${paths.key}`, hint };
}

type Leaf = {
  readonly spec: CertificateSpec;
  readonly paths: PlannedCertificate['paths'];
  readonly pair: FoundPair;
  readonly certificate: X509Certificate;
};

function judge(leaf: Leaf, authority: Authority, facts: CertificateFacts): readonly Finding[] {
  const { spec, paths, certificate } = leaf;
  const findings: Finding[] = [];
  const wayOut =
    authority.state === 'external'
      ? `supply one that fits, signed by ${authority.paths.crt}`
      : `delete ${paths.crt} and ${paths.key} and run \`bootstrap init phase certs ${spec.name}\``;
  const error = (message: string) => findings.push({ severity: 'error', file: paths.crt, message, hint: wayOut });
  const missing = missingSans(certificate, spec.sans?.(facts.config) ?? []);
  if (authority.state !== 'broken' && !isFrom(leaf, authority, facts))
    error(`is not signed by the CA in ${authority.paths.crt}`);
  if (missing.length > 0) error(`is not valid for ${missing.join(', ')}`);
  const usages = spec.usages.filter((usage) => !certificate.keyUsage?.includes(usageOids[usage]));
  const { problem } = validity(certificate, facts.now);
  const warnings = [
    ...(usages.length > 0 ? [`has no extended key usage ${usages.join(', ')}`] : []),
    ...(problem === undefined ? [] : [problem]),
  ];
  return [...findings, ...warnings.map((message) => ({ severity: 'warning', file: paths.crt, message }) as const)];
}

function isFrom({ pair, certificate }: Leaf, authority: Authority, { config }: CertificateFacts): boolean {
  if (authority.state !== 'absent') return isSignedBy(certificate, pair.certificates.slice(1), authority.certificates);
  const { key, spec } = authority;
  return key !== undefined && wouldBeIssuedBy(certificate, spec.commonName(config), key);
}
