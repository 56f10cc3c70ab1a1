import { hostPort, isLoopbackIp, nthAddress, parseIp } from '../kube/cidr.ts';
import { isDnsSubdomain } from '../kube/names.ts';
import type { Config } from './types.ts';

/** This machine's API server: `https://192.0.2.10:6443`. */
export function localEndpoint(config: Config): string {
  const { advertiseAddress, bindPort } = config.init.localAPIEndpoint;
  return `https://${hostPort(advertiseAddress, bindPort)}`;
}

/** What clients shall use: controlPlaneEndpoint where given (its port, else bindPort), else this machine's API server. */
export function controlPlaneEndpoint(config: Config): string {
  const given = config.cluster.controlPlaneEndpoint;
  return given === undefined
    ? localEndpoint(config)
    : `https://${withPort(given, config.init.localAPIEndpoint.bindPort)}`;
}

/** `host[:port]` with the port, brackets around IPv6. */
export function withPort(endpoint: string, defaultPort: number): string {
  const { host, port } = splitHostPort(endpoint);
  return hostPort(host, port ?? defaultPort);
}

/** Whether a text is an IP address or a DNS name. */
export function isHost(text: string): boolean {
  return parseIp(text) !== undefined || isDnsSubdomain(text);
}

/** `host:port`, `[ipv6]:port` or either without the port (kubeadm util/endpoint.go ParseHostPort). */
export function splitHostPort(endpoint: string): { readonly host: string; readonly port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(endpoint);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] };
  const colon = endpoint.indexOf(':');
  if (colon < 0 || colon !== endpoint.lastIndexOf(':')) return { host: endpoint, port: undefined };
  return { host: endpoint.slice(0, colon), port: endpoint.slice(colon + 1) };
}

/** The address of the Service default/kubernetes: the first of the (first) service subnet. */
export function apiServerServiceIp(config: Config): string {
  return nthAddress(config.cluster.networking.serviceSubnet, 1);
}

/** Whether an address is 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const parsed = parseIp(address);
  return parsed !== undefined && isLoopbackIp(parsed);
}
