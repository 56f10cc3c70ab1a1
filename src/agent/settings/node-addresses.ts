import type { Host } from '../../host/host.ts';

type AddressHost = Pick<Host, 'hostname' | 'resolve' | 'addresses' | 'defaultInterface'>;

/**
 * The address of a node that nobody has named: what its host name resolves to, when that is an address of this machine
 * and no loopback, else that of the default route's interface (pkg/kubelet/nodestatus/setters.go).
 */
export async function nodeAddresses(host: AddressHost): Promise<readonly string[]> {
  const own = host.addresses().filter(({ loopback }) => !loopback);
  const named = await host.resolve(host.hostname());
  const found = own.find(({ address }) => named.includes(address));
  if (found !== undefined) return [found.address];
  for (const family of [4, 6] as const) {
    const name = await host.defaultInterface(family);
    const there = own.find((address) => address.name === name && address.family === family);
    if (there !== undefined) return [there.address];
  }
  return ['127.0.0.1'];
}
