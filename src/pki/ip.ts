/** The 4 or 16 bytes of an IP address, or undefined when the text is none. IPv4 in IPv6 form gives 4 (as Go's net.IP.To4). */
export function ipBytes(text: string): Uint8Array | undefined {
  if (/^\d+(\.\d+){3}$/.test(text)) {
    const parts = text.split('.').map(Number);
    return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : undefined;
  }
  if (!text.includes(':') || !URL.canParse(`http://[${text}]`)) return undefined;
  const groups = expand(new URL(`http://[${text}]`).hostname.slice(1, -1));
  const bytes = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.subarray(12) : bytes;
}

// The URL standard's form of an IPv6 address: hexadecimal groups only, one run of zeros as `::`.
function expand(canonical: string): readonly number[] {
  const [head = '', tail] = canonical.split('::');
  const groups = (side: string) => (side === '' ? [] : side.split(':').map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return groups(head);
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}
