import { basename } from 'node:path';
import type { Finding } from '../../base/diagnostics.ts';
import type { Config } from '../../config/types.ts';
import { kubeconfigs } from '../../kubeconfig/kubeconfigs.ts';
import { type KubeconfigFacts, planKubeconfigs } from '../../kubeconfig/plan.ts';
import type { CaState } from '../../pki/certificate-authority.ts';
import { type CertificateSpec, certificatesOf } from '../../pki/certificates.ts';
import { missingSans, parseCertificates } from '../../pki/inspect.ts';
import { parsePrivateKey } from '../../pki/keys.ts';
import { planCertificates } from '../../pki/plan.ts';
import { type CertificateFacts, pairPaths } from '../../pki/planned.ts';
import type { Blocked } from '../types.ts';
import { blockedAccountKeys, blockedAuthority } from './plan-authorities.ts';

/** A leaf certificate or kubeconfig to issue anew under the CA that is there. `paths` are the files that change. */
export type Reissue = {
  readonly kind: 'certificate' | 'kubeconfig';
  /** As in the tables of pki and kubeconfig: `apiserver`, `admin`. */
  readonly name: string;
  /** As shown: `apiserver.crt`. */
  readonly file: string;
  readonly paths: readonly string[];
  readonly because: string;
};

export type PkiPlan = {
  readonly reissue: readonly Reissue[];
  readonly blocked: readonly Blocked[];
  readonly notes: readonly string[];
};

export type PkiFacts = CertificateFacts & {
  /** The configuration of the last good revision, which tells what was asked for before. */
  readonly former: Config | undefined;
  readonly kubeconfigFiles: KubeconfigFacts['files'];
  /** SHA-256 by path, as in the last good revision. */
  readonly lastHashes?: ReadonlyMap<string, string> | undefined;
};

/**
 * Which leaves and kubeconfigs no longer say what the configuration asks for. CAs and sa.key are never made anew: one that
 * is lost or was exchanged is in `blocked`, and stands there for everything that it signs.
 */
export function planPki(facts: PkiFacts): PkiPlan {
  const plan = planCertificates(facts);
  const authorities = [...plan.authorities.values()];
  const broken = authorities.flatMap((authority) => blockedAuthority(authority, { facts, findings: plan.findings }));
  const usable = (name: string) => !broken.some(({ authority }) => authority === name);
  const leaves = certificatesOf(facts.config).flatMap((spec) => {
    const authority = spec.ca === undefined || !usable(spec.ca) ? undefined : plan.authorities.get(spec.ca);
    return authority === undefined ? [] : [planLeafAnew(spec, authority, { facts, findings: plan.findings })];
  });
  const authority = usable('ca') ? plan.authorities.get('ca') : undefined;
  const results = [...leaves, ...(authority === undefined ? [] : planConfsAnew(authority, facts))];
  return {
    reissue: results.flatMap((result) => ('kind' in result ? [result] : [])),
    blocked: [
      ...broken.map(({ blocked }) => blocked),
      ...blockedAccountKeys(plan, facts),
      ...results.flatMap((result) => ('field' in result ? [result] : [])),
    ],
    notes: authorities.flatMap(({ findings, paths }) =>
      findings.filter(({ severity }) => severity === 'warning').map(({ message }) => `${paths.crt} ${message}`),
    ),
  };
}

type Result = Reissue | Blocked | { readonly right: true };

type LeafInput = { readonly facts: PkiFacts; readonly findings: readonly Finding[] };

function planLeafAnew(spec: CertificateSpec, authority: CaState, { facts, findings }: LeafInput): Result {
  const paths = pairPaths(facts, spec);
  const there = facts.files.get(paths.crt);
  const reasons = there === undefined ? ['is not there'] : leafReasons(spec, { facts, findings });
  if (reasons.length === 0) return { right: true };
  const file = `${spec.baseName}.crt`;
  const because = sentence(reasons);
  if (authority.state === 'ready') {
    // A sound key stays: one file is replaced at once, a pair would not fit together for an instant.
    const files = parsePrivateKey(facts.files.get(paths.key)?.text ?? '') ? [paths.crt] : [paths.key, paths.crt];
    return { kind: 'certificate', name: spec.name, file, paths: files, because: `issued anew: ${because}` };
  }
  return unsignable(authority, file, because);
}

/** `it expired …, it is not valid for …`: findings begin with their verb. */
function sentence(reasons: readonly string[]): string {
  return reasons.map((reason) => (reason.startsWith('its ') ? reason : `it ${reason}`)).join('; ');
}

function unsignable({ paths }: CaState, file: string, because: string): Blocked {
  const why = `${because}, and ${paths.key} is not here to sign another; supply ${file}`;
  return { field: file, from: 'as it is', to: 'issued anew', because: why };
}

function leafReasons(spec: CertificateSpec, { facts, findings }: LeafInput): readonly string[] {
  const paths = pairPaths(facts, spec);
  const said = findings
    .filter(({ file, message }) => (file === paths.crt || file === paths.key) && !isMode(message))
    .map(({ message }) => message);
  const [certificate] = parseCertificates(facts.files.get(paths.crt)?.text ?? '');
  const wanted = new Set(spec.sans?.(facts.config) ?? []);
  const dropped = (facts.former === undefined ? [] : (spec.sans?.(facts.former) ?? [])).filter(
    (san) => !wanted.has(san) && certificate !== undefined && missingSans(certificate, [san]).length === 0,
  );
  return dropped.length === 0 ? said : [...said, `still says ${[...new Set(dropped)].join(', ')}`];
}

/** That others may read a file is not cured by another one. */
function isMode(message: string): boolean {
  return message.startsWith('has mode ');
}

function planConfsAnew(authority: CaState, facts: PkiFacts): readonly Result[] {
  const { config, paths, now, kubeconfigFiles: files } = facts;
  const plan = planKubeconfigs({ config, paths, now, files, authority, authorityPlanned: false });
  return kubeconfigs.map((spec): Result => {
    const path = spec.path(paths);
    // Who removed the key to everything did so on purpose; kubeadm does not bring it back either.
    if (!files.has(path) && spec.name === 'super-admin') return { right: true };
    const reasons = files.has(path)
      ? plan.findings.filter(({ file, message }) => file === path && !isMode(message)).map(({ message }) => message)
      : ['is not there'];
    if (reasons.length === 0) return { right: true };
    const [file, because] = [basename(path), sentence(reasons)];
    if (authority.state === 'ready') {
      return { kind: 'kubeconfig', name: spec.name, file, paths: [path], because: `issued anew: ${because}` };
    }
    return unsignable(authority, file, because);
  });
}
