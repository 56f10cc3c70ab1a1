import { PreflightError } from '../../base/errors.ts';
import type { Config } from '../../config/types.ts';
import { hostPort } from '../../kube/cidr.ts';
import { type AddressHost, type LostAddress, lostAddress, lostAddressText } from '../../kube/own-addresses.ts';

/** The machine has another address than the control plane was made for, such as a new one by DHCP. */
export type MovedAddress = {
  /** The configuration with the present address; undefined where that has to be named. */
  readonly config: Config | undefined;
  readonly note: string;
};

/**
 * What a stored configuration becomes on a machine that has lost the address in it; undefined while it has it. Where etcd
 * is elsewhere nothing of ours had to listen on the address, which may be a router's: it is only said.
 */
export async function movedAddress(host: AddressHost, config: Config): Promise<MovedAddress | undefined> {
  const lost = await lostAddress(host, config.init.localAPIEndpoint.advertiseAddress);
  return lost === undefined ? undefined : planMove(config, lost);
}

/** Throws PreflightError for a revision whose etcd would have to listen on an address that is gone. */
export async function refuseLostAddress(host: AddressHost, config: Config, revision: number): Promise<void> {
  const lost = await lostAddress(host, config.init.localAPIEndpoint.advertiseAddress);
  if (lost === undefined || config.cluster.etcd.external !== undefined) return;
  throw new PreflightError(`revision ${revision} is made for an address that is gone: ${lostAddressText(lost)}`, {
    hint: 'bootstrap apply takes the present one',
  });
}

function planMove(config: Config, lost: LostAddress): MovedAddress {
  const said = lostAddressText(lost);
  const { init, cluster } = config;
  if (lost.now === undefined || cluster.etcd.external !== undefined) {
    return { config: undefined, note: `${said}: name the right one in the file of --config` };
  }
  const { address } = lost.now;
  const endpoint = movedEndpoint(cluster.controlPlaneEndpoint, lost.address, address);
  const moved = {
    ...config,
    init: { ...init, localAPIEndpoint: { ...init.localAPIEndpoint, advertiseAddress: address } },
    cluster: { ...cluster, controlPlaneEndpoint: endpoint ?? cluster.controlPlaneEndpoint },
  };
  const also = endpoint === undefined ? '' : ', also as controlPlaneEndpoint';
  return { config: moved, note: `${said}, which takes its place${also}` };
}

/** An endpoint that was the address itself; one with a name, or with somebody else's address, stays. */
function movedEndpoint(endpoint: string | undefined, from: string, to: string): string | undefined {
  const port = endpoint === undefined ? undefined : /^(.*):(\d+)$/.exec(endpoint);
  if (endpoint === from || endpoint === `[${from}]`) return to;
  return port?.[1] === from || port?.[1] === `[${from}]` ? hostPort(to, port[2] ?? '') : undefined;
}
