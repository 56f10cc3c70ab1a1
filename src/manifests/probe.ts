import type { Config } from '../config/types.ts';
import { isUnspecifiedIp, parseIp } from '../kube/cidr.ts';
import type { View } from './component.ts';

/** The part of a view that the probes need: where the component answers, and how many seconds it may take to start. */
export function probeView(
  config: Config,
  endpoint: { readonly host: string; readonly port: number; readonly scheme: 'HTTP' | 'HTTPS' },
): View {
  return { ...endpoint, startupSeconds: startupSeconds(config) };
}

/** An unspecified address cannot be asked: empty, so that the pod's own address is (kubeadm staticpod getProbeAddress). */
export function probeHost(address: string): string {
  const parsed = parseIp(address);
  return parsed !== undefined && isUnspecifiedIp(parsed) ? '' : address;
}

function startupSeconds(config: Config): number {
  return Math.max(1, Math.ceil(config.init.timeouts.controlPlaneComponentHealthCheckMs / 1000));
}
