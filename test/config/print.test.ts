import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  apiServerServiceIp,
  controlPlaneEndpoint,
  isLoopback,
  localEndpoint,
  splitHostPort,
} from '../../src/config/endpoints.ts';
import { imagesOf } from '../../src/config/images.ts';
import { clusterConfigurationDocument } from '../../src/config/kubeadm-view.ts';
import { loadConfig } from '../../src/config/load.ts';
import { renderConfig, withoutSecrets } from '../../src/config/print.ts';
import type { Config } from '../../src/config/types.ts';
import { aConfig } from '../fakes/builders.ts';
import { configHost, configText } from '../fakes/config-host.ts';

const secretText = configText({
  init: { bootstrapTokens: [{ token: 'abcdef.0123456789abcdef' }], certificateKey: 'ab'.repeat(32) },
});
const load = (text: string) =>
  loadConfig({ host: configHost({ files: { 'c.yaml': text } }), file: 'c.yaml', flags: {}, rootDir: '/' });
const withCluster = (change: Partial<Config['cluster']>) =>
  aConfig((config) => ({ ...config, cluster: { ...config.cluster, ...change } }));
const withAddress = (advertiseAddress: string, bindPort = 6443) =>
  aConfig((config) => ({ ...config, init: { ...config.init, localAPIEndpoint: { advertiseAddress, bindPort } } }));

describe('printing a configuration', () => {
  it('leaves out secrets unless they are asked for, and can be read again all the same', async () => {
    const config = await load(secretText);
    const printed = renderConfig(config);
    assert.ok(!printed.includes('0123456789abcdef') && !printed.includes('abab'));
    assert.match(printed, /^# Left out, being secret: tokens, certificateKey\.\n/);
    assert.equal((await load(printed)).init.bootstrapTokens.length, 1);
    const whole = renderConfig(config, { secrets: true });
    assert.ok(
      whole.includes('token: abcdef.0123456789abcdef\n') && whole.includes(`certificateKey: ${'ab'.repeat(32)}\n`),
    );
  });

  it('masks secrets in the configuration itself, but not the IDs of tokens', async () => {
    const { init } = withoutSecrets(await load(secretText));
    assert.equal(init.bootstrapTokens[0]?.token, 'abcdef.****************');
    assert.equal(init.certificateKey, '*'.repeat(64));
    assert.equal(withoutSecrets(aConfig()).init.certificateKey, undefined);
  });

  it('shows a ClusterConfiguration as kubeadm does', () => {
    assert.deepEqual(clusterConfigurationDocument(aConfig()), {
      apiServer: {},
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      caCertificateValidityPeriod: '87600h0m0s',
      certificateValidityPeriod: '8760h0m0s',
      certificatesDir: '/etc/kubernetes/pki',
      clusterName: 'kubernetes',
      controllerManager: {},
      dns: {},
      encryptionAlgorithm: 'RSA-2048',
      etcd: { local: { dataDir: '/var/lib/etcd' } },
      imageRepository: 'registry.k8s.io',
      kind: 'ClusterConfiguration',
      kubernetesVersion: 'v1.37.2',
      networking: { dnsDomain: 'cluster.local', serviceSubnet: '10.96.0.0/12' },
      proxy: {},
      scheduler: {},
    });
    const keys = Object.keys(clusterConfigurationDocument(withCluster({ controlPlaneEndpoint: 'cp' })));
    assert.deepEqual(keys, keys.toSorted());
  });
});

describe('endpoints', () => {
  it('have brackets around IPv6', () => {
    assert.equal(localEndpoint(aConfig()), 'https://192.0.2.10:6443');
    assert.equal(localEndpoint(withAddress('fd00::10', 7443)), 'https://[fd00::10]:7443');
  });

  it('are those of the load balancer where there is one, with its port or ours', () => {
    assert.equal(controlPlaneEndpoint(aConfig()), 'https://192.0.2.10:6443');
    const of = (endpoint: string) => controlPlaneEndpoint(withCluster({ controlPlaneEndpoint: endpoint }));
    assert.equal(of('cp.example.com'), 'https://cp.example.com:6443');
    assert.equal(of('cp.example.com:443'), 'https://cp.example.com:443');
    assert.equal(of('fd00::9'), 'https://[fd00::9]:6443');
    assert.equal(of('[fd00::9]:443'), 'https://[fd00::9]:443');
    assert.deepEqual(splitHostPort('[fd00::9]'), { host: 'fd00::9', port: undefined });
  });

  it('know the first service address and loopback', () => {
    assert.equal(apiServerServiceIp(aConfig()), '10.96.0.1');
    const networking = { ...aConfig().cluster.networking, serviceSubnet: 'fd00:10:96::/112,10.0.0.0/16' };
    assert.equal(apiServerServiceIp(withCluster({ networking })), 'fd00:10:96::1');
    assert.deepEqual(['127.0.0.1', '::1', '192.0.2.1', 'localhost'].map(isLoopback), [true, true, false, false]);
  });
});

describe('images', () => {
  it('are those of the release', () => {
    assert.deepEqual(imagesOf(aConfig()), {
      etcd: 'registry.k8s.io/etcd:3.7.0-0',
      kubeApiserver: 'registry.k8s.io/kube-apiserver:v1.37.2',
      kubeControllerManager: 'registry.k8s.io/kube-controller-manager:v1.37.2',
      kubeScheduler: 'registry.k8s.io/kube-scheduler:v1.37.2',
      kubeProxy: 'registry.k8s.io/kube-proxy:v1.37.2',
      coredns: 'registry.k8s.io/coredns/coredns:v1.14.6',
      pause: 'registry.k8s.io/pause:3.10.2',
    });
  });

  it('come from the repositories and with the tags that are set', async () => {
    const config = await load(
      configText({
        cluster: {
          imageRepository: 'mirror.example.com/k8s',
          kubernetesVersion: 'v1.36.4+build.1',
          dns: { imageTag: 'v9' },
          etcd: { local: { imageRepository: 'etcd.example.com', imageTag: '3.8.0-0' } },
        },
      }),
    );
    const images = imagesOf(config);
    assert.equal(images.kubeApiserver, 'mirror.example.com/k8s/kube-apiserver:v1.36.4_build.1');
    assert.equal(images.coredns, 'mirror.example.com/k8s/coredns:v9');
    assert.equal(images.etcd, 'etcd.example.com/etcd:3.8.0-0');
    assert.equal(images.pause, 'mirror.example.com/k8s/pause:3.10.2');
    const external = await load(
      configText({ cluster: { etcd: { external: { endpoints: ['http://192.0.2.20:2379'] } } } }),
    );
    assert.equal(imagesOf(external).etcd, undefined);
  });
});

describe('the time it takes', () => {
  it('to load a small file is a few milliseconds', async () => {
    for (let round = 0; round < 5; round++) await load(secretText);
    const times: number[] = [];
    for (let round = 0; round < 11; round++) {
      const start = performance.now();
      await load(secretText);
      times.push(performance.now() - start);
    }
    const median = times.toSorted((a, b) => a - b)[5] ?? 0;
    assert.ok(median <= 20, `${median} ms`);
  });
});
