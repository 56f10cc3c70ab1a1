import { type Clock, sleep } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type AddressHost, lostAddress, lostAddressText } from '../../kube/own-addresses.ts';

/** An address may be away for an instant while it is renewed, and after a boot it comes late. */
const lookEveryMs = 5_000;
const sureAfterLooks = 2;

const remedy = 'bootstrap apply fits a control plane to it; an agent by itself gets it with --node-ip';

type Watched = {
  readonly host: AddressHost;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeIPs: readonly string[];
};

/** Says once when the machine has lost an address of its node, such as by DHCP, and when it has it again. */
export async function watchAddresses({ host, clock, log, nodeIPs }: Watched, signal: AbortSignal): Promise<void> {
  const gone = new Map<string, number>();
  while (!signal.aborted) {
    for (const address of nodeIPs) {
      const lost = await lostAddress(host, address);
      const looks = gone.get(address) ?? 0;
      if (lost === undefined) {
        if (looks >= sureAfterLooks) log.info(`${address} is an address of this machine again`);
        gone.delete(address);
      } else {
        gone.set(address, looks + 1);
        if (looks + 1 === sureAfterLooks) log.error(`${lostAddressText(lost)}: ${remedy}`);
      }
    }
    await sleep(clock, lookEveryMs, signal);
  }
}
