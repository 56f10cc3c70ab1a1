/** An IP address as a number; an IPv4 address written in IPv6 (`::ffff:192.0.2.1`) is IPv4, as in Go. */
export type IpAddress = { readonly family: 4 | 6; readonly value: bigint };

/** A network: the first address of it, and how many bits are fixed. */
export type Cidr = { readonly family: 4 | 6; readonly base: bigint; readonly prefix: number };

const bitsOf = (family: 4 | 6) => (family === 4 ? 32 : 128);
const mappedPrefix = 0xffffn << 32n;

/** An address of either family, or undefined. Leading zeros in IPv4 are decimal (k8s.io/utils/net ParseIPSloppy); no zones. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const value = parseIpv4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = parseIpv6(text);
  if (value === undefined) return undefined;
  return value >> 32n === mappedPrefix >> 32n ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

/** The one way to write an address (RFC 5952). */
export function formatIp({ family, value }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** The address in the one way to write it, or undefined when it is none. */
export function normalizeIp(text: string): string | undefined {
  const address = parseIp(text);
  return address && formatIp(address);
}

/** Whether the text is an IPv6 address; false for anything else. */
export function isIPv6(address: string): boolean {
  return parseIp(address)?.family === 6;
}

/** A network of either family; host bits are dropped, as by Go's ParseCIDR. Undefined when it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const parsed = parseIp(address);
  if (parsed === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = Number(length);
  const bits = bitsOf(parsed.family);
  if (prefix > bits || (parsed.family === 4 && address.includes(':'))) return undefined;
  const hostBits = BigInt(bits - prefix);
  return { family: parsed.family, base: (parsed.value >> hostBits) << hostBits, prefix };
}

/** The networks of `10.96.0.0/12,fd00::/108`; undefined when one of them is none. */
export function parseCidrs(text: string): readonly Cidr[] | undefined {
  const cidrs = text.split(',').map((part) => parseCidr(part.trim()));
  return cidrs.every((cidr) => cidr !== undefined) ? cidrs : undefined;
}

/** `10.96.0.0/12`. */
export function formatCidr({ family, base, prefix }: Cidr): string {
  return `${formatIp({ family, value: base })}/${prefix}`;
}

/** How many addresses a network has. */
export function cidrSize({ family, prefix }: Cidr): bigint {
  return 1n << BigInt(bitsOf(family) - prefix);
}

/** How many bits of an address are left to hosts. */
export function hostBits({ family, prefix }: Cidr): number {
  return bitsOf(family) - prefix;
}

/** Whether the two networks share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  if (a.family !== b.family) return false;
  return a.base < b.base + cidrSize(b) && b.base < a.base + cidrSize(a);
}

/** Whether the address is in the network. */
export function contains(cidr: Cidr, address: IpAddress): boolean {
  return cidr.family === address.family && address.value >= cidr.base && address.value < cidr.base + cidrSize(cidr);
}

/**
 * The `n`th address of a network, the first one for a pair (`10.96.0.0/12`, 1 → `10.96.0.1`; k8s.io/utils/net
 * GetIndexedIP). Throws a RangeError when the network is none or too small: validation has refused it before.
 */
export function nthAddress(cidr: string, n: number): string {
  const network = parseCidrs(cidr)?.[0];
  if (network === undefined) throw new RangeError(`${cidr} is no network`);
  if (BigInt(n) >= cidrSize(network)) throw new RangeError(`${cidr} has no address number ${n}`);
  return formatIp({ family: network.family, value: network.base + BigInt(n) });
}

/** `host:port`, with brackets around IPv6. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopbackIp({ family, value }: IpAddress): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

/** 0.0.0.0 or `::`. */
export function isUnspecifiedIp({ value }: IpAddress): boolean {
  return value === 0n;
}

/** Neither unspecified, loopback, multicast, broadcast nor link-local (Go net.IP IsGlobalUnicast; private ones are). */
export function isGlobalUnicast(address: IpAddress): boolean {
  if (isUnspecifiedIp(address) || isLoopbackIp(address)) return false;
  const { family, value } = address;
  if (family === 4) return value >> 28n !== 0xen && value >> 16n !== 0xa9fen && value !== 0xffffffffn;
  return value >> 120n !== 0xffn && value >> 118n !== 0x3fan;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,10}$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(Number(part)), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : groupsOf(half)));
  const [head, tail] = groups;
  if (head === undefined || groups.includes(undefined)) return undefined;
  const count = head.length + (tail?.length ?? 0);
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
  const all = [...head, ...Array<bigint>(8 - count).fill(0n), ...(tail ?? [])];
  return all.reduce((value, group) => (value << 16n) | group, 0n);
}

/** The 16-bit groups of a part without `::`; the last one may be an IPv4 address. */
function groupsOf(text: string): readonly bigint[] | undefined {
  const parts = text.split(':');
  const groups: bigint[] = [];
  for (const [index, part] of parts.entries()) {
    const ipv4 = index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function longestZeroRun(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
