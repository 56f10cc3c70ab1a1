import type { Finding } from '../base/diagnostics.ts';
import { type CaState, inspectCa } from './certificate-authority.ts';
import { certificatesOf, serviceAccountKeys } from './certificates.ts';
import { planLeaf } from './plan-leaf.ts';
import { planServiceAccountKeys } from './plan-service-account-keys.ts';
import type { CertificateFacts, CertificateItem, PlannedCertificate, PlannedItem } from './planned.ts';

export type CertificatePlan = {
  readonly items: readonly CertificateItem[];
  /** Every CA of the configuration, also those that are no items because only a part is planned. */
  readonly authorities: ReadonlyMap<string, CaState>;
  readonly findings: readonly Finding[];
};

/**
 * Decides for each certificate whether it is kept or made. What is there is never replaced: what cannot be used is an
 * error finding, and with such a finding nothing may be applied. Expired is a warning, as kubeadm's.
 */
export function planCertificates(facts: CertificateFacts): CertificatePlan {
  const specs = certificatesOf(facts.config);
  const wanted = (name: string) => facts.only?.includes(name) ?? true;
  const authorities = new Map(
    specs.filter((spec) => spec.ca === undefined).map((spec) => [spec.name, inspectCa(spec, facts)] as const),
  );
  const results = specs.flatMap((spec) => {
    const authority = authorities.get(spec.ca ?? spec.name);
    if (authority === undefined || !wanted(spec.name)) return [];
    if (spec.ca === undefined) return [authorityItem(authority)];
    return [planLeaf(spec, { ...authority, planned: wanted(spec.ca) }, facts)];
  });
  if (wanted(serviceAccountKeys.name)) results.push(planServiceAccountKeys(facts));
  // A CA that is only looked at still has its say: its leaves cannot be made with a broken one.
  const aside = specs.filter(
    (spec) => !wanted(spec.name) && specs.some((leaf) => leaf.ca === spec.name && wanted(leaf.name)),
  );
  return {
    items: results.flatMap(({ item }) => (item === undefined ? [] : [item])),
    authorities,
    findings: [
      ...aside.flatMap((spec) => authorities.get(spec.name)?.findings ?? []),
      ...results.flatMap(({ findings }) => findings),
    ],
  };
}

function authorityItem(authority: CaState): PlannedItem {
  const { spec, paths, key, because, findings } = authority;
  const item: PlannedCertificate = {
    kind: 'certificate',
    name: spec.name,
    file: `${spec.baseName}.crt`,
    action: authority.state === 'absent' ? 'create' : 'keep',
    because,
    spec,
    paths,
    key,
    certificate: authority.certificates[0],
  };
  return { item: authority.state === 'broken' ? undefined : item, findings };
}
