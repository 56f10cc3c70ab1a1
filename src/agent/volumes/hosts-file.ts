import { dirname } from 'node:path';
import type { HostFiles } from '../../host/host.ts';
import type { Pod } from '../../kube/types.ts';
import { podHostname } from '../containers/hostname.ts';

const nodeHosts = '/etc/hosts';
const header = '# Kubernetes-managed hosts file';
const localhost = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

export type HostsInput = {
  readonly pod: Pod;
  readonly podIPs: readonly string[];
  readonly clusterDomain: string;
  /** The machine's own file. */
  readonly nodeHosts: string;
};

/** The text of a pod's /etc/hosts (kubelet_pods.go ensureHostsFile): on the host network the machine's with the aliases. */
export function planHosts({ pod, podIPs, clusterDomain, nodeHosts: ofNode }: HostsInput): string {
  const aliases = aliasLines(pod);
  if (pod.spec.hostNetwork) {
    const own = ofNode === '' || ofNode.endsWith('\n') ? ofNode : `${ofNode}\n`;
    return `${header} (host network).\n${own}${aliases}`;
  }
  const { hostname, domain } = podHostname(pod, clusterDomain);
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  const lines = [`${header}.`, ...localhost, ...podIPs.map((ip) => `${ip}\t${names}`)];
  return `${lines.join('\n')}\n${aliases}`;
}

function aliasLines({ spec: { hostAliases = [] } }: Pod): string {
  if (hostAliases.length === 0) return '';
  const lines = hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`);
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`;
}

/** Writes the file that all containers of a pod get; nothing when it says so already. */
export async function writeHosts(
  host: Pick<HostFiles, 'readText' | 'writeFile' | 'makeDirectory'>,
  path: string,
  input: Omit<HostsInput, 'nodeHosts'>,
): Promise<void> {
  const text = planHosts({ ...input, nodeHosts: (await host.readText(nodeHosts)) ?? '' });
  if ((await host.readText(path)) === text) return;
  await host.makeDirectory(dirname(path), { mode: 0o750 });
  await host.writeFile(path, text, { mode: 0o644 });
}
