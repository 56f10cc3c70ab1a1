import { join } from 'node:path';
import { isLoopback } from '../config/endpoints.ts';
import { imagesOf } from '../config/images.ts';
import { hostPort } from '../kube/cidr.ts';
import { type Component, extraArg, type View, type ViewInput } from './component.ts';
import { etcdLocalhost } from './etcd.ts';
import { externalEtcdDirectories, externalEtcdFiles } from './external-etcd.ts';
import { graceSeconds } from './grace.ts';
import { probeHost, probeView } from './probe.ts';
import { namedDirectories } from './trust-stores.ts';

/** The API server as kubeadm makes it (phases/controlplane/manifests.go), with what a change over without a gap needs. */
export const kubeApiserver: Component = {
  name: 'kube-apiserver',
  view: apiserverView,
  extras: ({ config, hostFacts }) => ({
    args: config.cluster.apiServer.extraArgs,
    volumes: config.cluster.apiServer.extraVolumes,
    envs: [...hostFacts.proxyEnvs, ...config.cluster.apiServer.extraEnvs],
  }),
};

function apiserverView({ config, paths, hostFacts }: ViewInput): View {
  const { advertiseAddress, bindPort } = config.init.localAPIEndpoint;
  const { extraArgs } = config.cluster.apiServer;
  return {
    advertiseAddress,
    advertisesLoopback: isLoopback(advertiseAddress),
    authorizationConfig: extraArg(extraArgs, 'authorization-config') !== undefined,
    dnsDomain: config.cluster.networking.dnsDomain,
    endpoint: hostPort(advertiseAddress, bindPort),
    etcd: etcdView({ config, paths, hostFacts }),
    graceSeconds: graceSeconds['kube-apiserver'],
    image: imagesOf(config).kubeApiserver,
    overlap: config.bootstrap.rollout.apiServer === 'overlap',
    pki: paths.certificatesDir,
    probe: probeView(config, { host: probeHost(advertiseAddress) || '', port: bindPort, scheme: 'HTTPS' }),
    serviceSubnet: config.cluster.networking.serviceSubnet,
    trustStores: namedDirectories(hostFacts.trustStores),
  };
}

/** How the API server reaches etcd: servers, files, and the directories of files that no other mount brings in. */
function etcdView({ config, paths }: ViewInput): View {
  const { external, local } = config.cluster.etcd;
  if (external !== undefined) {
    const files = externalEtcdFiles(external, config, paths);
    const withClient = files.certFile !== '' && files.keyFile !== '';
    return {
      servers: external.endpoints.join(','),
      caFile: files.caFile,
      certFile: withClient ? files.certFile : '',
      keyFile: withClient ? files.keyFile : '',
      directories: externalEtcdDirectories(files, paths),
    };
  }
  const usual = `https://${hostPort(etcdLocalhost(config), config.bootstrap.ports.etcdClient)}`;
  return {
    servers: extraArg(local?.extraArgs ?? [], 'advertise-client-urls') ?? usual,
    caFile: join(paths.certificatesDir, 'etcd/ca.crt'),
    certFile: join(paths.certificatesDir, 'apiserver-etcd-client.crt'),
    keyFile: join(paths.certificatesDir, 'apiserver-etcd-client.key'),
    directories: [],
  };
}
