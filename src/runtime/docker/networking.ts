import type Docker from 'dockerode';
import type { SandboxConfig } from '../runtime.ts';

type Port = SandboxConfig['ports'][number];

/**
 * `Dns` and the others reach the containers through the sandbox's resolv.conf; `.` = no search domains, an empty option
 * = none (else the host's would be taken, libnetwork resolvconf).
 */
export function dnsOptions(dns: SandboxConfig['dns']): Docker.HostConfig {
  if (dns === undefined) return {};
  const searches = dns.searches.length === 0 ? ['.'] : [...dns.searches];
  const options = dns.options.length === 0 ? [''] : [...dns.options];
  return { Dns: [...dns.servers], DnsSearch: searches, DnsOptions: options };
}

export function portKey(port: Port): string {
  return `${port.containerPort}/${port.protocol.toLowerCase()}`;
}

/** What Docker publishes of a sandbox on the host. */
export function portBindings(ports: readonly Port[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports.filter(({ hostPort = 0 }) => hostPort > 0)) {
    const binding = { HostIp: port.hostIP ?? '', HostPort: `${port.hostPort}` };
    bindings[portKey(port)] = [...(bindings[portKey(port)] ?? []), binding];
  }
  return bindings;
}
