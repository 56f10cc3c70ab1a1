import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { aConfig } from '../fakes/builders.ts';
import { address, type ConfigMachine, configHost, configText } from '../fakes/config-host.ts';

const load = (machine: ConfigMachine = {}, text?: string) =>
  loadConfig({
    host: configHost({ ...machine, files: { ...machine.files, ...(text !== undefined && { 'config.yaml': text }) } }),
    ...(text !== undefined && { file: 'config.yaml' }),
    flags: {},
    rootDir: '/',
  });

describe('the configuration of nothing', () => {
  it('is all defaults', async () => {
    const config = await load();
    assert.deepEqual(config, {
      ...aConfig(),
      init: {
        ...aConfig().init,
        nodeRegistration: {
          ...aConfig().init.nodeRegistration,
          taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
        },
        bootstrapTokens: [
          {
            token: 'abcdef.ghijklmnopqrstuv',
            generated: true,
            description: '',
            ttlMs: 86_400_000,
            expires: undefined,
            usages: ['signing', 'authentication'],
            groups: ['system:bootstrappers:kubeadm:default-node-token'],
          },
        ],
      },
      reset: { ...aConfig().reset, dryRun: false },
    });
  });

  it('is frozen at every depth', async () => {
    const config = await load();
    assert.ok(
      Object.isFrozen(config) && Object.isFrozen(config.cluster.networking) && Object.isFrozen(config.warnings),
    );
  });

  it('is the same for documents without members and for members that are null or empty', async () => {
    const empty = configText({
      init: {
        bootstrapTokens: null,
        localAPIEndpoint: null,
        nodeRegistration: { name: '', criSocket: null },
        timeouts: {},
      },
      cluster: {
        networking: { serviceSubnet: '', podSubnet: null },
        etcd: {},
        apiServer: {},
        kubernetesVersion: '',
        certificatesDir: '',
        encryptionAlgorithm: '',
      },
      bootstrap: { runtime: {}, rollout: null, ports: { etcdClient: null } },
      reset: {},
    });
    assert.deepEqual(await load({}, empty), await load());
  });

  it('takes the image archives from the cache directory where there is one', async () => {
    const home = '/home/user/.cache/kube-bootstrap/images';
    assert.deepEqual((await load({ files: { [home]: undefined } })).bootstrap.images.archives, [home]);
    const xdg = '/cache/kube-bootstrap/images';
    const config = await load({ env: { XDG_CACHE_HOME: '/cache' }, files: { [home]: undefined, [xdg]: undefined } });
    assert.deepEqual(config.bootstrap.images.archives, [xdg]);
    assert.deepEqual((await load({ env: { XDG_CACHE_HOME: '/elsewhere' } })).bootstrap.images.archives, []);
  });
});

describe('what is given in part', () => {
  it('keeps an empty list of taints', async () => {
    const config = await load({}, configText({ init: { nodeRegistration: { taints: [] } } }));
    assert.deepEqual(config.init.nodeRegistration.taints, []);
  });

  it('gives a token with an expiry no time to live', async () => {
    const text = configText({
      init: { bootstrapTokens: [{ token: 'abcdef.0123456789abcdef', expires: '2027-01-31T12:00:00Z' }] },
    });
    const [token] = (await load({}, text)).init.bootstrapTokens;
    assert.deepEqual([token?.ttlMs, token?.expires], [undefined, '2027-01-31T12:00:00Z']);
  });

  it('turns a path into the URL of a socket, with a warning', async () => {
    const text = configText({ init: { nodeRegistration: { criSocket: '/run/crio/crio.sock' } } });
    const config = await load({}, text);
    assert.equal(config.init.nodeRegistration.criSocket, 'unix:///run/crio/crio.sock');
    assert.equal(config.warnings.length, 1);
  });

  it('takes httpEndpoints from endpoints, lower-cases SANs and gives field references their version', async () => {
    const env = { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
    const text = configText({
      cluster: {
        etcd: { external: { endpoints: ['http://192.0.2.20:2379'] } },
        apiServer: { certSANs: ['ELB.example.com', 'FD00::0:1'], extraEnvs: [env] },
      },
    });
    const { cluster } = await load({}, text);
    assert.equal(cluster.etcd.local, undefined);
    assert.deepEqual(cluster.etcd.external?.httpEndpoints, ['http://192.0.2.20:2379']);
    assert.deepEqual(cluster.apiServer.certSANs, ['elb.example.com', 'fd00::1']);
    assert.deepEqual(cluster.apiServer.extraEnvs, [
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName', apiVersion: 'v1' } } },
    ]);
  });

  it('looks for relative archives beside the file and for relative patches in the working directory', async () => {
    const text = configText({
      init: { patches: { directory: 'patches' } },
      bootstrap: { images: { archives: ['images', '/srv'] } },
    });
    const host = configHost({ files: { '/etc/my/config.yaml': text, '/work/patches': undefined } });
    const config = await loadConfig({ host, file: '/etc/my/config.yaml', flags: {}, rootDir: '/' });
    assert.deepEqual(config.bootstrap.images.archives, ['/etc/my/images', '/srv']);
    assert.equal(config.init.patchesDirectory, '/work/patches');
  });

  it('takes the certificates directory of a file with only a ResetConfiguration', async () => {
    const config = await load({}, configText({ reset: { certificatesDir: '/pki' } }));
    assert.equal(config.cluster.certificatesDir, '/pki');
  });

  it('hands on the documents of kubelet and kube-proxy as they are', async () => {
    const config = await load(
      {},
      configText({ cluster: {}, kubelet: { maxPods: 50 }, kubeProxy: { mode: 'nftables' } }),
    );
    assert.deepEqual(config.kubelet, {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      maxPods: 50,
    });
    assert.equal(config.kubeProxy?.mode, 'nftables');
  });
});

describe('the Kubernetes version', () => {
  const versionOf = async (kubernetesVersion: string) => {
    const config = await load({}, configText({ cluster: { kubernetesVersion } }));
    return [config.cluster.kubernetesVersion, config.warnings.length];
  };

  it('is the one of this release for every label, and no network is asked', async () => {
    for (const label of ['stable', 'stable-1', 'latest', 'latest-1', 'stable-1.37', 'release/stable-1']) {
      assert.deepEqual(await versionOf(label), ['v1.37.2', 0], label);
    }
    assert.deepEqual(await versionOf('stable-1.36'), ['v1.37.2', 1]);
  });

  it('gets its v', async () => {
    assert.deepEqual(await versionOf('1.36.4'), ['v1.36.4', 0]);
    assert.deepEqual(await versionOf('v1.37.0-rc.1+build.5'), ['v1.37.0-rc.1+build.5', 0]);
  });
});

describe('the node name', () => {
  it('is the host name in lower case and without space around', async () => {
    assert.equal((await load({ hostname: ' Node-7.Example.COM\n' })).init.nodeRegistration.name, 'node-7.example.com');
  });

  it('is the given one, in lower case too', async () => {
    const text = configText({ init: { nodeRegistration: { name: ' CP1 ' } } });
    assert.equal((await load({ hostname: 'x' }, text)).init.nodeRegistration.name, 'cp1');
  });
});

describe('the advertise address', () => {
  const addressOf = async (machine: ConfigMachine, given?: string, cluster: Record<string, unknown> = {}) => {
    const text = configText({ init: { localAPIEndpoint: { advertiseAddress: given } }, cluster });
    return (await load(machine, text)).init.localAPIEndpoint.advertiseAddress;
  };
  const both: ConfigMachine = {
    addresses: [
      address('lo', '127.0.0.1'),
      address('eth1', '198.51.100.1'),
      address('eth0', '192.0.2.10'),
      address('eth0', 'fd00::10'),
    ],
    defaultInterfaces: { 4: 'eth0', 6: 'eth0' },
  };
  const services6 = { networking: { serviceSubnet: 'fd00:10:96::/112' } };

  it('is that of the interface with the default route, IPv4 first', async () => {
    assert.equal(await addressOf(both), '192.0.2.10');
    assert.equal(await addressOf(both, '0.0.0.0'), '192.0.2.10');
  });

  it('is IPv6 where that is asked for, where the services are, or where there is no other', async () => {
    const only6: ConfigMachine = { addresses: [address('eth0', 'fd00::10')], defaultInterfaces: { 6: 'eth0' } };
    assert.equal(await addressOf(both, '::', services6), 'fd00::10');
    assert.equal(await addressOf(both, undefined, services6), 'fd00::10');
    assert.equal(await addressOf(only6, undefined, services6), 'fd00::10');
  });

  it('is a global one on the loopback interface when the interface of the route has none (RFC 5549)', async () => {
    const unnumbered: ConfigMachine = {
      addresses: [address('lo', '127.0.0.1'), { ...address('lo', '203.0.113.5') }],
      defaultInterfaces: { 4: 'eth0' },
    };
    assert.equal(await addressOf(unnumbered), '203.0.113.5');
  });

  it('is the given one in the one way to write it', async () => {
    assert.equal(await addressOf(both, '203.0.113.77'), '203.0.113.77');
    assert.equal(await addressOf(both, 'FD00:0::0:99', services6), 'fd00::99');
  });
});
