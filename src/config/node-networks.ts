import { type Cidr, parseCidrs } from '../kube/cidr.ts';
import type { Config } from './types.ts';

/** The prefix length of one node's pods, as the controller-manager is told it or takes it (24 and 64), as its text. */
export function nodeMask({ cluster }: Pick<Config, 'cluster'>, family: Cidr['family']): string {
  const argument = (name: string) =>
    cluster.controllerManager.extraArgs.findLast((candidate) => candidate.name === name)?.value;
  const own = argument(`node-cidr-mask-size-ipv${family}`);
  return own ?? argument('node-cidr-mask-size') ?? (family === 4 ? '24' : '64');
}

/**
 * The networks of the first node's pods, one of each family in podSubnet: those that the controller-manager gives to the
 * first Node (pkg/controller/nodeipam/ipam/cidrset). Empty without a podSubnet.
 */
export function firstNodeNetworks(config: Pick<Config, 'cluster'>): readonly Cidr[] {
  const pods = parseCidrs(config.cluster.networking.podSubnet ?? '') ?? [];
  return pods.map((cidr) => ({ ...cidr, prefix: Math.max(cidr.prefix, Number(nodeMask(config, cidr.family))) }));
}
