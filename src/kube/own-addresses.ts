import type { HostNetwork } from '../host/host.ts';
import { formatIp, isGlobalUnicast, isLoopbackIp, parseIp } from './cidr.ts';

export type AddressHost = Pick<HostNetwork, 'addresses' | 'defaultInterface'>;

/** An address, and the interface that has it. */
export type OwnAddress = { readonly name: string; readonly address: string };

/** The addresses of this machine that another one may reach it by, of one family or of both. */
export function globalAddresses(host: Pick<AddressHost, 'addresses'>, family?: 4 | 6): readonly OwnAddress[] {
  return host.addresses().filter((own) => {
    const parsed = parseIp(own.address);
    if (parsed === undefined || own.loopback || (family ?? own.family) !== own.family) return false;
    return isGlobalUnicast(parsed) && !isLoopbackIp(parsed);
  });
}

/** The address of the default route's interface; without a default route the only one that there is. */
export async function mainAddress(host: AddressHost, family: 4 | 6): Promise<OwnAddress | undefined> {
  const own = globalAddresses(host, family);
  const name = await host.defaultInterface(family);
  if (name !== undefined) return own.find((candidate) => candidate.name === name);
  return own.length === 1 ? own[0] : undefined;
}

/** An address that this machine was known by and has no more, and what it has in its place where that is clear. */
export type LostAddress = { readonly address: string; readonly now: OwnAddress | undefined };

/** Undefined when the address is one of this machine, or none at all. */
export async function lostAddress(host: AddressHost, address: string): Promise<LostAddress | undefined> {
  const parsed = parseIp(address);
  if (parsed === undefined) return undefined;
  const text = formatIp(parsed);
  const there = host.addresses().some((own) => {
    const candidate = parseIp(own.address);
    return candidate !== undefined && formatIp(candidate) === text;
  });
  return there || isLoopbackIp(parsed) ? undefined : { address, now: await mainAddress(host, parsed.family) };
}

/** `192.0.2.10 is no address of this machine any more; it has 192.0.2.77 (eth0)` */
export function lostAddressText({ address, now }: LostAddress): string {
  const has = now === undefined ? 'and which one takes its place is not clear' : `it has ${now.address} (${now.name})`;
  return `${address} is no address of this machine any more${now === undefined ? ', ' : '; '}${has}`;
}
