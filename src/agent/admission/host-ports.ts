import type { ListeningSocket } from '../../host/host.ts';
import type { ContainerPort, Pod } from '../../kube/types.ts';
import { isSidecar } from '../plan/restart-policy.ts';

/** A port of the machine that a pod takes; `ip` '' = on every address. */
export type HostPort = { readonly protocol: string; readonly ip: string; readonly port: number };

const wildcards = ['', '0.0.0.0', '::'];

/** The ports that a pod takes of the machine: of its containers and sidecars (scheduler plugin NodePorts). */
export function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(isSidecar);
  return hostPorts([...sidecars, ...spec.containers].flatMap(({ ports }) => ports ?? []));
}

export function hostPorts(ports: readonly ContainerPort[]): readonly HostPort[] {
  return ports.flatMap(({ protocol = 'TCP', hostIP = '', hostPort = 0 }) =>
    hostPort === 0 ? [] : [{ protocol, ip: hostIP, port: hostPort }],
  );
}

/** Whether two pods cannot both have theirs. */
export function collide(a: HostPort, b: HostPort): boolean {
  if (a.protocol !== b.protocol || a.port !== b.port) return false;
  return a.ip === b.ip || wildcards.includes(a.ip) || wildcards.includes(b.ip);
}

/**
 * Whether somebody who listens keeps the port from the pod. On the host network the program itself chooses its address,
 * so that only one who listens on all of them is surely in its way.
 */
export function isInTheWay({ address }: ListeningSocket, { ip }: HostPort, hostNetwork: boolean): boolean {
  if (wildcards.includes(address) || (ip !== '' && address === ip)) return true;
  return !hostNetwork && wildcards.includes(ip);
}

/** `8080/TCP`. */
export function portText({ port, protocol }: HostPort): string {
  return `${port}/${protocol}`;
}
