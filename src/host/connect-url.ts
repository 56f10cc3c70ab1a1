import type { HostNetwork } from './host.ts';

/**
 * Connects to the port of an http(s) URL and closes again; throws when that fails. Asked before the URL itself, since a
 * refused connection costs a tenth of what a TLS handshake is prepared with, and whoever is starting needs the CPU.
 */
export async function connectUrl(host: Pick<HostNetwork, 'connectTcp'>, url: string, timeoutMs: number): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const number = Number(port || (protocol === 'https:' ? 443 : 80));
  await host.connectTcp(hostname.replace(/^\[|\]$/g, ''), number, timeoutMs);
}
