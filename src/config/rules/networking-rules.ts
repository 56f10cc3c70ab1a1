import type { Cidr } from '../../kube/cidr.ts';
import {
  cidrSize,
  contains,
  formatCidr,
  hostBits,
  isLoopbackIp,
  overlaps,
  parseCidrs,
  parseIp,
} from '../../kube/cidr.ts';
import { isDnsSubdomain } from '../../kube/names.ts';
import { isHost, splitHostPort } from '../endpoints.ts';
import { nodeMask } from '../node-networks.ts';
import type { Config } from '../types.ts';
import { isPort } from './common-rules.ts';
import type { Rule, Tell } from './rule.ts';

const minimumServiceAddresses = 10n;
const maximumServiceBits = 20;
const minimumPodAddresses = 14n;
/** kubeadm constants.go PodSubnetNodeMaskMaxDiff: the node CIDR allocator's bitmap. */
const maximumNodeMaskDifference = 16;

type Subnet = 'serviceSubnet' | 'podSubnet';
type Say = Tell['ClusterConfiguration']['error'];

/** Those of the given networks that are networks; what is none is the finding of `subnetsAreNetworks`. */
function networksOf({ cluster }: Config, subnet: Subnet): readonly Cidr[] {
  return parseCidrs(cluster.networking[subnet] ?? '') ?? [];
}

const subnetsAreNetworks: Rule = (config, { ClusterConfiguration: tell }) => {
  for (const subnet of ['serviceSubnet', 'podSubnet'] as const) {
    const text = config.cluster.networking[subnet];
    const cidrs = parseCidrs(text ?? '');
    const path = ['networking', subnet];
    if (text !== undefined && cidrs === undefined) {
      tell.error(
        path,
        `\`${text}\` is no network`,
        'such as 10.96.0.0/12, fd00:10:96::/112, or both with a comma between',
      );
    }
    const families = new Set(cidrs?.map(({ family }) => family));
    if (cidrs !== undefined && (cidrs.length > 2 || families.size !== cidrs.length)) {
      tell.error(path, 'must be one network, or one of IPv4 and one of IPv6');
    }
    for (const cidr of cidrs ?? []) {
      // fec0::/10, deprecated by RFC 3879.
      if (cidr.family === 6 && cidr.base >> 118n === 0x3fbn)
        tell.warn(path, `${formatCidr(cidr)} is in fec0::/10, which is deprecated`);
    }
  }
};

const serviceSubnetHasAUsableSize: Rule = (config, { ClusterConfiguration: tell }) => {
  for (const cidr of networksOf(config, 'serviceSubnet')) {
    const path = ['networking', 'serviceSubnet'];
    tooSmall(cidr, minimumServiceAddresses, (message) => tell.error(path, message));
    if (hostBits(cidr) > maximumServiceBits) {
      const least = cidr.prefix + hostBits(cidr) - maximumServiceBits;
      tell.error(path, `${formatCidr(cidr)} is too large`, `the prefix must be /${least} or longer`);
    }
  }
};

const podSubnetHoldsNodes: Rule = (config, { ClusterConfiguration: tell }) => {
  const allocates = argument(config, 'allocate-node-cidrs') !== 'false';
  for (const cidr of networksOf(config, 'podSubnet')) {
    const say: Say = (_path, message, hint) => tell.error(['networking', 'podSubnet'], message, hint);
    tooSmall(cidr, minimumPodAddresses, (message) => say([], message));
    if (allocates) nodeMaskFits(config, cidr, say);
  }
};

function nodeMaskFits(config: Config, cidr: Cidr, say: Say): void {
  const name = `node-cidr-mask-size-ipv${cidr.family}`;
  const text = nodeMask(config, cidr.family);
  const hint = `nodes get a /${text} each; controllerManager.extraArgs ${name} changes that`;
  if (!/^\d+$/.test(text)) say([], `cannot be checked: ${name} is \`${text}\`, no number`);
  else if (cidr.prefix > Number(text)) say([], `${formatCidr(cidr)} is smaller than the network of one node`, hint);
  else if (Number(text) - cidr.prefix > maximumNodeMaskDifference) {
    say(
      [],
      `${formatCidr(cidr)} holds too many nodes: at most ${maximumNodeMaskDifference} bits between the two prefixes`,
      hint,
    );
  }
}

function argument({ cluster }: Config, name: string): string | undefined {
  return cluster.controllerManager.extraArgs.findLast((candidate) => candidate.name === name)?.value;
}

function tooSmall(cidr: Cidr, least: bigint, say: (message: string) => void): void {
  const size = cidrSize(cidr);
  if (size < least) say(`${formatCidr(cidr)} is too small: ${size} addresses, ${least} are needed`);
}

const subnetsDoNotOverlap: Rule = (config, { ClusterConfiguration: tell }) => {
  for (const pods of networksOf(config, 'podSubnet')) {
    const services = networksOf(config, 'serviceSubnet').find((candidate) => overlaps(candidate, pods));
    if (services === undefined) continue;
    tell.error(['networking', 'podSubnet'], `${formatCidr(pods)} overlaps serviceSubnet ${formatCidr(services)}`);
  }
};

const advertiseAddressFitsTheSubnets: Rule = (config, { ClusterConfiguration: tell }) => {
  const { advertiseAddress } = config.init.localAPIEndpoint;
  const address = parseIp(advertiseAddress);
  const [services] = networksOf(config, 'serviceSubnet');
  if (address === undefined || services === undefined || isLoopbackIp(address)) return;
  const reconciler = config.cluster.apiServer.extraArgs.findLast(
    ({ name }) => name === 'endpoint-reconciler-type',
  )?.value;
  if (address.family !== services.family && reconciler !== 'none') {
    // kube-apiserver refuses to start (validatePublicIPServiceClusterIPRangeIPFamilies).
    tell.error(
      ['networking', 'serviceSubnet'],
      `begins with IPv${services.family}, but the advertise address ${advertiseAddress} is IPv${address.family}`,
      'put a network of its family first, or advertise another address',
    );
  }
  for (const subnet of ['serviceSubnet', 'podSubnet'] as const) {
    const around = networksOf(config, subnet).find((cidr) => contains(cidr, address));
    if (around !== undefined)
      tell.warn(['networking', subnet], `the advertise address ${advertiseAddress} is in ${formatCidr(around)}`);
  }
};

const dnsDomainIsASubdomain: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const { dnsDomain } = cluster.networking;
  if (!isDnsSubdomain(dnsDomain)) tell.error(['networking', 'dnsDomain'], `\`${dnsDomain}\` is no DNS-1123 subdomain`);
};

const controlPlaneEndpointIsHostAndPort: Rule = ({ cluster, init }, { ClusterConfiguration: tell }) => {
  const given = cluster.controlPlaneEndpoint;
  if (given === undefined) return;
  const path = ['controlPlaneEndpoint'];
  const { host, port } = splitHostPort(given);
  const { bindPort } = init.localAPIEndpoint;
  if (!isHost(host)) {
    tell.error(
      path,
      `\`${given}\` must be a DNS name or an IP address, and a port if it has one`,
      'such as cluster.example.com:6443',
    );
  } else if (port !== undefined && !(/^\d+$/.test(port) && isPort(Number(port)))) {
    tell.error(path, `\`${port}\` is no port: 1 to 65535`);
  } else if (port !== undefined && Number(port) !== bindPort) {
    tell.warn(path, `clients use port ${port} and not bindPort ${bindPort}`);
  }
};

/** What must hold of addresses, networks and names. */
export const networkingRules: readonly Rule[] = [
  subnetsAreNetworks,
  serviceSubnetHasAUsableSize,
  podSubnetHoldsNodes,
  subnetsDoNotOverlap,
  advertiseAddressFitsTheSubnets,
  dnsDomainIsASubdomain,
  controlPlaneEndpointIsHostAndPort,
];
