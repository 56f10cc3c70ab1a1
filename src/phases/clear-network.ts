import { join } from 'node:path';
import type { RecordEntry } from '../host/recording-host.ts';
import { podNetwork } from '../manifests/pod-network.ts';
import type { InitContext } from './context.ts';

/** What host-local keeps beside a file for each address that it gave away (containernetworking/plugins ipam/host-local). */
const notes = /^(lock|last_reserved_ip\.\d+)$/;

/**
 * Clears away what a pod network that init wrote has left when its last pod has gone, and says that its bridge is still
 * there: as kubeadm, reset leaves interfaces and rules alone, which others may use by now.
 */
export async function clearNetwork(
  { host, config, paths, report }: Pick<InitContext, 'host' | 'config' | 'paths' | 'report'>,
  entries: readonly RecordEntry[],
): Promise<void> {
  const { file, name, bridge } = podNetwork(config, paths);
  if (!entries.some(({ path }) => path === file)) return;
  const leases = join(paths.networkLeasesDir, name);
  const addresses = ((await host.list(leases)) ?? []).filter((entry) => !notes.test(entry));
  if (addresses.length === 0) await host.remove(leases, { recursive: true });
  else report.item({ item: leases, action: 'leave', because: `given away: ${addresses.join(', ')}` });
  if ((await host.stat(`/sys/class/net/${bridge}`)) === undefined) return;
  report.item({ item: bridge, action: 'leave', because: `the bridge of its pods; ip link delete ${bridge}` });
}
