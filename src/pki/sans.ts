import { apiServerServiceIp, splitHostPort } from '../config/endpoints.ts';
import type { Config } from '../config/types.ts';

/** The names and addresses under which clients reach the API server. */
export function apiServerSans(config: Config): readonly string[] {
  const { networking, controlPlaneEndpoint: endpoint, apiServer } = config.cluster;
  return [
    config.init.nodeRegistration.name,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${networking.dnsDomain}`,
    apiServerServiceIp(config),
    config.init.localAPIEndpoint.advertiseAddress,
    ...(endpoint === undefined ? [] : [splitHostPort(endpoint).host]),
    ...apiServer.certSANs,
  ];
}

/** The names and addresses under which the API server and etcdctl reach etcd. */
export function etcdServerSans(config: Config): readonly string[] {
  return [...etcdSans(config), ...(config.cluster.etcd.local?.serverCertSANs ?? [])];
}

/** The names and addresses under which etcd members reach each other. */
export function etcdPeerSans(config: Config): readonly string[] {
  return [...etcdSans(config), ...(config.cluster.etcd.local?.peerCertSANs ?? [])];
}

function etcdSans({ init }: Config): readonly string[] {
  return [init.nodeRegistration.name, 'localhost', init.localAPIEndpoint.advertiseAddress, '127.0.0.1', '::1'];
}
