import type { HostFiles } from '../../host/host.ts';
import type { Pod } from '../../kube/types.ts';
import type { SandboxConfig } from '../../runtime/runtime.ts';

/** `resolvConf`: the file that pods' resolv.conf is made from, '' = none. */
export type DnsSettings = {
  readonly clusterDNS: readonly string[];
  readonly clusterDomain: string;
  readonly resolvConf: string;
};

type Dns = NonNullable<SandboxConfig['dns']>;

/** What the C library reads at most (pkg/apis/core/validation MaxDNSNameservers, MaxDNSSearchPaths, …ListChars). */
const most = { servers: 3, searches: 32, searchLength: 2048, searchNameLength: 253 };
/** Where systemd-resolved keeps the real servers; its stub listens on the host's loopback only. */
const resolvedStub = '127.0.0.53';
const resolvedFile = '/run/systemd/resolve/resolv.conf';

/**
 * The name servers, search domains and options of a pod (kubelet pkg/kubelet/network/dns): the cluster's for
 * ClusterFirst where one is known, else the host's; the pod's own dnsConfig is added; cut to what resolvers read.
 */
export async function podDns(
  host: Pick<HostFiles, 'readText'>,
  pod: Pod,
  settings: DnsSettings,
  hostIPs: readonly string[] = [],
): Promise<Dns> {
  const hostDns = await readHostDns(host, settings.resolvConf, pod.spec.hostNetwork ?? false);
  return fit(withOwn(planBase(pod, settings, hostDns, hostIPs), pod));
}

/** Whether the pod asks for the cluster's DNS and there is none, so that it gets the host's. */
export function lacksClusterDns({ spec }: Pod, { clusterDNS }: DnsSettings): boolean {
  return wantsCluster(spec) && clusterDNS.length === 0;
}

function wantsCluster({ dnsPolicy, hostNetwork }: Pod['spec']): boolean {
  return dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
}

function planBase({ spec, metadata }: Pod, settings: DnsSettings, hostDns: Dns, hostIPs: readonly string[]): Dns {
  if (spec.dnsPolicy === 'None') return { servers: [], searches: [], options: [] };
  const { clusterDNS, clusterDomain } = settings;
  if (wantsCluster(spec) && clusterDNS.length > 0) {
    const own = [`${metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
    const searches = clusterDomain === '' ? hostDns.searches : unique([...own, ...hostDns.searches]);
    return { servers: clusterDNS, searches, options: ['ndots:5'] };
  }
  if (settings.resolvConf !== '') return hostDns;
  // "Use the name server on the local machine" is what no name server means (resolver(5)).
  const local = hostIPs.map((ip) => (ip.includes(':') ? '::1' : '127.0.0.1'));
  return { servers: unique(local.length === 0 ? ['127.0.0.1'] : local), searches: [], options: [] };
}

async function readHostDns(host: Pick<HostFiles, 'readText'>, path: string, hostNetwork: boolean): Promise<Dns> {
  const own = parseResolvConf(path === '' ? '' : ((await host.readText(path)) ?? ''));
  if (hostNetwork || own.servers.length !== 1 || own.servers[0] !== resolvedStub) return own;
  const real = parseResolvConf((await host.readText(resolvedFile)) ?? '');
  return real.servers.length === 0 ? own : { ...own, servers: real.servers };
}

/** The three lists of a resolv.conf: servers add up, the last search line counts, an option counts once. */
export function parseResolvConf(text: string): Dns {
  const servers: string[] = [];
  let searches: string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [key, ...values] = line.trim().split(/\s+/);
    if (key === 'nameserver' && values[0] !== undefined) servers.push(values[0]);
    if (key === 'search') searches = values.filter((name) => name !== '.').map((name) => name.replace(/\.$/, ''));
    if (key === 'options') for (const option of values) options.set(option.split(':')[0] ?? '', option);
  }
  return { servers, searches, options: [...options.values()] };
}

function withOwn(base: Dns, { spec: { dnsConfig } }: Pod): Dns {
  if (dnsConfig === undefined) return base;
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  const merged = new Map(base.options.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name, value } of options) merged.set(name, value ? `${name}:${value}` : name);
  return {
    servers: unique([...base.servers, ...nameservers]),
    searches: unique([...base.searches, ...searches]),
    options: [...merged.values()],
  };
}

function fit({ servers, searches, options }: Dns): Dns {
  const names = searches.slice(0, most.searches).filter((name) => name.length <= most.searchNameLength);
  while (names.join(' ').length > most.searchLength) names.pop();
  return { servers: servers.slice(0, most.servers), searches: names, options };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
