import { basename, dirname } from 'node:path';
import { cidrSize, contains, formatCidr, parseCidrs } from '../../kube/cidr.ts';
import type { Pod } from '../../kube/types.ts';
import { commandOf } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { Blocked } from '../types.ts';

type Values = readonly string[];

/** A flag whose value a living cluster is built on; `whyNot` gives the reason, undefined when this change is possible. */
type Row = {
  readonly component: ComponentName;
  readonly flag: string;
  /** The configuration's name of it. */
  readonly field: string;
  readonly whyNot: (from: Values, to: Values) => string | undefined;
  /** The configuration's form of the flag's value. */
  readonly shown?: (value: string) => string;
};

const always = (because: string) => () => because;

/** What cannot be changed, by the flags that say it; a default that is now written out is no change. */
const rows: readonly Row[] = [
  {
    component: 'kube-apiserver',
    flag: '--service-cluster-ip-range',
    field: 'networking.serviceSubnet',
    whyNot: serviceSubnetReason,
  },
  {
    component: 'kube-apiserver',
    flag: '--service-account-issuer',
    field: 'networking.dnsDomain',
    whyNot: issuerReason,
    shown: (issuer) => issuer.replace(/^https:\/\/kubernetes\.default\.svc\./, ''),
  },
  {
    component: 'kube-apiserver',
    flag: '--etcd-prefix',
    field: 'apiServer.extraArgs etcd-prefix',
    whyNot: always('every object lies below the present prefix; below another the cluster would be empty'),
  },
  {
    component: 'kube-apiserver',
    flag: '--client-ca-file',
    field: 'certificatesDir',
    shown: dirname,
    whyNot: (from, to) =>
      [from, to].every(([path = '']) => basename(path) === 'ca.crt')
        ? 'the CAs and sa.key stay where they are; a new directory would get new ones, which nothing trusts'
        : undefined,
  },
  {
    component: 'kube-controller-manager',
    flag: '--cluster-name',
    field: 'clusterName',
    whyNot: always('load balancers, routes and volumes outside the cluster carry the present name'),
  },
  {
    component: 'kube-controller-manager',
    flag: '--cluster-cidr',
    field: 'networking.podSubnet',
    whyNot: podSubnetReason,
  },
  {
    component: 'etcd',
    flag: '--data-dir',
    field: 'etcd.local.dataDir',
    whyNot: always('the data does not move along: in another directory etcd starts empty, and the cluster is gone'),
  },
  {
    component: 'etcd',
    flag: '--name',
    field: 'nodeRegistration.name',
    whyNot: always('the node and the etcd member are known by it; a node gets another name by reset and init'),
  },
];

/** What of one component's new manifest a living cluster does not allow. */
export function blockedFlags(component: ComponentName, before: Pod, after: Pod): readonly Blocked[] {
  const [old, now] = [commandOf(before), commandOf(after)];
  return rows
    .filter((row) => row.component === component)
    .flatMap(({ flag, field, whyNot, shown = String }): readonly Blocked[] => {
      const [from = [], to = []] = [old.flags.get(flag), now.flags.get(flag)];
      if (from.length === 0 || from.join() === to.join()) return [];
      const because = whyNot(from, to);
      if (because === undefined) return [];
      return [{ field, from: from.map(shown).join(', '), to: to.map(shown).join(', ') || 'none', because }];
    });
}

/**
 * The ranges live on as the ServiceCIDR `kubernetes`, which the API server changes in one case only: a second family is
 * added behind the first (pkg/controlplane/controller/defaultservicecidr, v1.37.2).
 */
function serviceSubnetReason(from: Values, to: Values): string | undefined {
  const [old, now] = [parseCidrs(from.join()), parseCidrs(to.join())];
  if (old === undefined || now === undefined || now.length === 0) return 'services have addresses of the present range';
  const [first] = old;
  const texts = now.map(formatCidr);
  if (old.every((cidr) => texts.includes(formatCidr(cidr))) && first !== undefined && texts[0] === formatCidr(first)) {
    return undefined;
  }
  const shrunk = first !== undefined && now[0] !== undefined && cidrSize(now[0]) < cidrSize(first);
  const what = shrunk
    ? 'services may have addresses outside of it'
    : 'services keep their addresses of the present one';
  return `${what}, and the API server does not change its default ServiceCIDR; add a ServiceCIDR object to have more`;
}

/** Tokens of an issuer that is no longer accepted are refused at once; a second issuer may come before the old one. */
function issuerReason(from: Values, to: Values): string | undefined {
  if (from.every((issuer) => to.includes(issuer))) return undefined;
  return (
    'every token that is out names the present issuer and would be refused at once, and pods keep the DNS domain that ' +
    'they started with; an issuer alone changes by giving both, the new one first, in apiServer.extraArgs'
  );
}

/** Nodes hold parts of the range; one that is outside of the new range stops the controller manager. */
function podSubnetReason(from: Values, to: Values): string | undefined {
  const [old, now] = [parseCidrs(from.join()), parseCidrs(to.join())];
  if (old === undefined || now === undefined || to.length === 0) return undefined;
  const kept = old.every((cidr) =>
    now.some((wider) => wider.prefix <= cidr.prefix && contains(wider, { family: cidr.family, value: cidr.base })),
  );
  return kept ? undefined : 'nodes hold parts of the present range for their pods; it can grow, but not shrink or move';
}
