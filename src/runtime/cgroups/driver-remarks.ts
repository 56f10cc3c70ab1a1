import type { Host } from '../../host/host.ts';
import type { RuntimeRemark } from '../runtime.ts';
import type { CgroupDriver } from './pod-cgroups.ts';

/**
 * Where systemd runs, an engine that makes cgroups past it has a second opinion of who gets what: under pressure nodes
 * get unstable (Kubernetes documentation, "Container Runtimes", cgroup drivers). `how` sets the other driver.
 */
export async function driverRemarks(
  host: Pick<Host, 'stat'>,
  driver: CgroupDriver,
  how: string,
): Promise<readonly RuntimeRemark[]> {
  if (driver !== 'cgroupfs' || (await host.stat('/run/systemd/system')) === undefined) return [];
  const message = 'the container runtime makes cgroups by itself (cgroupfs), beside systemd, which has them here';
  return [{ check: 'CgroupDriver', severity: 'warning', message, hint: how }];
}
