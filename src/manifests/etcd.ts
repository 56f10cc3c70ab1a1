import { imagesOf } from '../config/images.ts';
import type { Config, LocalEtcd } from '../config/types.ts';
import { hostPort, isIPv6 } from '../kube/cidr.ts';
import { type Component, extraArg, type View, type ViewInput } from './component.ts';
import { graceSeconds } from './grace.ts';
import { probeView } from './probe.ts';

/** etcd as kubeadm makes it (phases/etcd/local.go): one member, at the API server's advertise address. */
export const etcd: Component = {
  name: 'etcd',
  view: etcdView,
  extras: ({ config }) => ({
    args: localEtcd(config).extraArgs,
    volumes: [],
    envs: localEtcd(config).extraEnvs,
  }),
};

/** The loopback address in the family of the advertise address. */
export function etcdLocalhost(config: Config): string {
  return isIPv6(config.init.localAPIEndpoint.advertiseAddress) ? '::1' : '127.0.0.1';
}

function etcdView({ config, paths }: ViewInput): View {
  const { advertiseAddress } = config.init.localAPIEndpoint;
  const { name: nodeName } = config.init.nodeRegistration;
  const { etcdClient, etcdPeer, etcdMetrics } = config.bootstrap.ports;
  const clientUrl = `https://${hostPort(advertiseAddress, etcdClient)}`;
  const localClientUrl = `https://${hostPort(etcdLocalhost(config), etcdClient)}`;
  const peerUrl = `https://${hostPort(advertiseAddress, etcdPeer)}`;
  return {
    clientUrl,
    dataDir: paths.etcdDataDir,
    graceSeconds: graceSeconds.etcd,
    image: imagesOf(config).etcd ?? '',
    initialCluster: `${nodeName}=${peerUrl}`,
    // One and the same when a loopback address is advertised.
    listenClientUrls: [...new Set([localClientUrl, clientUrl])].join(','),
    metricsUrl: `http://${hostPort(etcdLocalhost(config), etcdMetrics)}`,
    nodeName,
    peerUrl,
    pki: paths.certificatesDir,
    probe: probeView(config, metricsEndpoint(config)),
  };
}

/** Where etcd answers probes: the first of the user's listen-metrics-urls (kubeadm staticpod GetEtcdProbeEndpoint). */
function metricsEndpoint(config: Config): { host: string; port: number; scheme: 'HTTP' | 'HTTPS' } {
  const usual = { host: etcdLocalhost(config), port: config.bootstrap.ports.etcdMetrics, scheme: 'HTTP' } as const;
  const url = extraArg(localEtcd(config).extraArgs, 'listen-metrics-urls')?.split(',')[0];
  const match = /^(\w+):\/\/(?:\[([^\]]*)\]|([^:/[]*))(?::(\d*))?(?:\/.*)?$/.exec(url ?? '');
  if (match === null) return usual;
  const port = Number(match[4] || 0);
  return {
    host: match[2] || match[3] || usual.host,
    port: port >= 1 && port <= 65_535 ? port : usual.port,
    scheme: match[1]?.toLowerCase() === 'https' ? 'HTTPS' : 'HTTP',
  };
}

function localEtcd(config: Config): LocalEtcd {
  const { local } = config.cluster.etcd;
  if (local === undefined) throw new Error('etcd is external: there is no manifest to make for it');
  return local;
}
