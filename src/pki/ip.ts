import { parseIp } from '../kube/cidr.ts';

/** The 4 or 16 bytes of an IP address, or undefined when the text is none. */
export function ipBytes(text: string): Uint8Array | undefined {
  const address = parseIp(text);
  if (address === undefined) return undefined;
  return Buffer.from(address.value.toString(16).padStart(address.family === 4 ? 8 : 32, '0'), 'hex');
}
