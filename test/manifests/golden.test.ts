import { describe, test } from 'node:test';
import type { Config } from '../../src/config/types.ts';
import { optionalTrustStores } from '../../src/manifests/host-facts.ts';
import { type ManifestInput, renderManifests } from '../../src/manifests/render.ts';
import { aConfig } from '../fakes/builders.ts';
import { expectGolden } from '../fakes/golden.ts';
import { aClusterConfig, anAdvertisedConfig, hostFacts, manifestInput } from '../fakes/manifest-builders.ts';

type Case = { readonly name: string } & Partial<ManifestInput> & { readonly root?: string };

const component = { extraArgs: [], extraVolumes: [], extraEnvs: [] };
const base = aConfig();
const otherPorts = { ...base.bootstrap.ports, etcdClient: 12379, etcdPeer: 12380, etcdMetrics: 12381 };

function bootstrapped(change: Partial<Config['bootstrap']>, config = base): Config {
  return { ...config, bootstrap: { ...config.bootstrap, ...change } };
}

const cases: readonly Case[] = [
  { name: 'default' },
  { name: 'ipv6', config: anAdvertisedConfig('2001:db8::10', 7443) },
  {
    name: 'dual-stack',
    config: aClusterConfig({
      networking: {
        serviceSubnet: '10.96.0.0/16,fd00:10:96::/112',
        podSubnet: '10.244.0.0/16,fd00:10:244::/56',
        dnsDomain: 'example.test',
      },
    }),
  },
  {
    name: 'external-etcd',
    config: aClusterConfig({
      etcd: {
        external: {
          endpoints: ['https://192.0.2.50:2379', 'https://192.0.2.51:2379'],
          httpEndpoints: [],
          caFile: '/etc/etcd/ca.crt',
          certFile: '/srv/client.crt',
          keyFile: '/srv/client.key',
        },
      },
    }),
  },
  {
    name: 'root-dir-on-loopback-with-other-ports',
    root: '/home/user/my plane #1',
    config: bootstrapped(
      { ports: { ...otherPorts, controllerManager: 11257, scheduler: 11259 } },
      anAdvertisedConfig('127.0.0.1', 16443),
    ),
  },
  {
    name: 'recreate-at-unspecified-addresses',
    config: bootstrapped(
      { rollout: { ...base.bootstrap.rollout, apiServer: 'recreate' } },
      aClusterConfig({
        controllerManager: { ...component, extraArgs: [{ name: 'bind-address', value: '0.0.0.0' }] },
        scheduler: { ...component, extraArgs: [{ name: 'bind-address', value: '::' }] },
      }),
    ),
  },
  {
    name: 'external-ca-with-trust-stores-and-proxies',
    hostFacts: hostFacts({
      externalCA: true,
      trustStores: optionalTrustStores,
      proxyEnvs: [{ name: 'https_proxy', value: 'http://proxy.example.com:3128' }],
    }),
  },
  {
    name: 'extra-settings',
    config: aClusterConfig({
      clusterName: 'yes',
      apiServer: {
        certSANs: [],
        extraArgs: [
          { name: 'authorization-config', value: '/etc/authz.yaml' },
          { name: 'tls-sni-cert-key', value: '/b.crt,/b.key' },
          { name: 'tls-sni-cert-key', value: '/a.crt,/a.key' },
          { name: 'secure-port', value: '7443' },
        ],
        extraVolumes: [
          {
            name: 'authz',
            hostPath: '/etc/authz.yaml',
            mountPath: '/etc/authz.yaml',
            readOnly: true,
            pathType: 'File',
          },
        ],
        extraEnvs: [{ name: 'GODEBUG', value: 'x509sha1=1' }],
      },
      etcd: {
        local: {
          imageRepository: 'mirror.example.com/etcd',
          imageTag: '3.6.9-0',
          dataDir: '/var/lib/etcd',
          extraArgs: [
            { name: 'listen-metrics-urls', value: 'https://[::]:9981,http://127.0.0.1:9982' },
            { name: 'advertise-client-urls', value: 'https://etcd.example.com:2379' },
          ],
          extraEnvs: [{ name: 'ETCD_UNSUPPORTED_ARCH', value: 'arm64' }],
          serverCertSANs: [],
          peerCertSANs: [],
        },
      },
    }),
  },
  {
    name: 'patched',
    patches: [
      {
        target: 'kube-scheduler',
        type: 'strategic',
        file: 'kube-scheduler.yaml',
        value: { spec: { containers: [{ name: 'kube-scheduler', resources: { limits: { memory: '512Mi' } } }] } },
      },
      { target: 'etcd', type: 'json', file: 'e.json', value: [{ op: 'remove', path: '/spec/containers/0/resources' }] },
      { target: 'kube-apiserver', type: 'merge', file: 'a.yaml', value: { spec: { priorityClassName: null } } },
    ],
  },
];

describe('rendered manifests', () => {
  for (const { name, ...change } of cases) {
    test(`are as they were: ${name}`, async () => {
      const manifests = await renderManifests(await manifestInput(change));
      expectGolden(`manifests/${name}.yaml`, manifests.map(({ text }) => text).join('---\n'));
    });
  }
});
