/**
 * The 4 or 16 bytes of an IP address as certificates hold it, or undefined when the text is none. IPv4 written in IPv6
 * gives 4 bytes, leading zeros in IPv4 are decimal (as in kubeadm: net.IP.To4, ParseIPSloppy).
 */
export function ipBytes(text: string): Uint8Array | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split('.').map(Number);
    return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : undefined;
  }
  if (!text.includes(':') || !URL.canParse(`http://[${text}]`)) return undefined;
  const groups = groupsOf(new URL(`http://[${text}]`).hostname.slice(1, -1));
  const bytes = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff ? bytes.subarray(12) : bytes;
}

// The URL standard writes an IPv6 address as hexadecimal groups only, with at most one run of zeros as `::`.
function groupsOf(canonical: string): readonly number[] {
  const parse = (side: string) => (side === '' ? [] : side.split(':').map((group) => Number.parseInt(group, 16)));
  const [left = [], right = []] = canonical.split('::').map(parse);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** The address in a form that openssl reads. */
export function ipText(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : (Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []).join(':');
}
