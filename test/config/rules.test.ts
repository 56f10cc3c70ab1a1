import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderFinding } from '../../src/base/diagnostics.ts';
import { checkConfig } from '../../src/config/load.ts';
import { type ConfigMachine, configHost, configText } from '../fakes/config-host.ts';

type Documents = Parameters<typeof configText>[0];
type Case = {
  readonly rule: string;
  readonly good: readonly Documents[];
  /** With what its finding says; `warning:` first where it is one. */
  readonly bad: readonly (readonly [Documents, ...string[]])[];
};

const init = (members: Record<string, unknown>): Documents => ({ init: members });
const node = (members: Record<string, unknown>): Documents => ({ init: { nodeRegistration: members } });
const token = (...tokens: Record<string, unknown>[]): Documents => ({ init: { bootstrapTokens: tokens } });
const cluster = (members: Record<string, unknown>): Documents => ({ cluster: members });
const net = (members: Record<string, unknown>): Documents => ({ cluster: { networking: members } });
const local = (members: Record<string, unknown>): Documents => ({ cluster: { etcd: { local: members } } });
const external = (members: Record<string, unknown>): Documents => ({
  cluster: { etcd: { external: { endpoints: ['https://192.0.2.20:2379'], ...members } } },
});
const advertise = (advertiseAddress: string) => init({ localAPIEndpoint: { advertiseAddress } });
const volume = (...extraVolumes: unknown[]) => cluster({ apiServer: { extraVolumes } });
const env = (...extraEnvs: unknown[]) => cluster({ scheduler: { extraEnvs } });
const secret = 'abcdef.0123456789abcdef';
const argument = { name: 'v', value: '4' };

const cases: readonly Case[] = [
  {
    rule: 'the node name is a subdomain',
    good: [node({ name: 'node-1.example.com' })],
    bad: [[node({ name: 'node_1' }), 'nodeRegistration.name: `node_1` is no DNS-1123 subdomain']],
  },
  {
    rule: 'the advertise address is one of this machine that others can use',
    good: [advertise('203.0.113.1'), advertise('10.0.0.1')],
    bad: [
      [advertise('node1'), 'localAPIEndpoint.advertiseAddress: `node1` is no IP address'],
      [advertise('224.0.0.1'), '224.0.0.1 cannot be advertised'],
      [advertise('169.254.0.1'), '169.254.0.1 cannot be advertised'],
      [advertise('127.0.0.1'), 'warning:', '127.0.0.1 is a loopback address: no other machine can join'],
      [advertise('::1'), 'warning:', '::1 is a loopback address'],
    ],
  },
  {
    rule: 'the bind port is a port',
    good: [init({ localAPIEndpoint: { bindPort: 65535 } }), init({ localAPIEndpoint: { bindPort: 0 } })],
    bad: [
      [init({ localAPIEndpoint: { bindPort: 65536 } }), 'localAPIEndpoint.bindPort: 65536 is no port'],
      [init({ localAPIEndpoint: { bindPort: -1 } }), '-1 is no port'],
    ],
  },
  {
    rule: 'the CRI socket is a unix socket',
    good: [node({ criSocket: 'unix:///run/containerd/containerd.sock' })],
    bad: [
      [
        node({ criSocket: 'tcp://127.0.0.1:2375' }),
        'nodeRegistration.criSocket: `tcp://127.0.0.1:2375` is no unix socket',
      ],
      [node({ criSocket: 'npipe:////./pipe/x' }), 'is no unix socket'],
      [node({ criSocket: '/run/x.sock' }), 'warning:', '`/run/x.sock` is taken as `unix:///run/x.sock`'],
    ],
  },
  {
    rule: 'taints are well formed',
    good: [
      node({
        taints: [
          { key: 'example.com/a', value: 'b', effect: 'NoExecute' },
          { key: 'c', effect: 'PreferNoSchedule' },
        ],
      }),
    ],
    bad: [
      [
        node({ taints: [{ key: 'a/b/c', effect: 'NoSchedule' }] }),
        'nodeRegistration.taints[0].key: `a/b/c` is no qualified name',
      ],
      [node({ taints: [{ key: 'a', value: '-', effect: 'NoSchedule' }] }), 'taints[0].value: `-` is no label value'],
      [node({ taints: [{ key: 'a' }] }), 'taints[0].effect: missing'],
      [node({ taints: [{ key: 'a', effect: 'Never' }] }), 'taints[0].effect: must be one of NoSchedule'],
    ],
  },
  {
    rule: 'arguments have names without dashes',
    good: [node({ kubeletExtraArgs: [argument, argument] }), cluster({ apiServer: { extraArgs: [argument] } })],
    bad: [
      [
        node({ kubeletExtraArgs: [{ value: '4' }] }),
        'nodeRegistration.kubeletExtraArgs[0].name: an argument has no name',
      ],
      [
        cluster({ apiServer: { extraArgs: [argument, { name: '', value: '' }] } }),
        'apiServer.extraArgs[1].name: an argument has no name',
      ],
      [
        cluster({ controllerManager: { extraArgs: [{ name: '--v', value: '4' }] } }),
        'controllerManager.extraArgs[0].name: write `v`, without the dashes',
      ],
      [cluster({ scheduler: { extraArgs: [{ value: '4' }] } }), 'scheduler.extraArgs[0].name'],
      [local({ extraArgs: [{ value: '4' }] }), 'etcd.local.extraArgs[0].name'],
    ],
  },
  {
    rule: 'tokens are bootstrap tokens, and their IDs differ',
    good: [token({ token: secret }, { token: 'zzzzzz.0123456789abcdef' })],
    bad: [
      [token({ token: 'ABCDEF.0123456789abcdef' }), 'bootstrapTokens[0].token: is no bootstrap token'],
      [token({ token: secret }, { token: secret }), 'bootstrapTokens[1].token: has the token ID of bootstrapTokens[0]'],
    ],
  },
  {
    rule: 'a token ends once and not before now',
    good: [token({ token: secret, ttl: '0s' }), token({ token: secret, expires: '2027-01-01T00:00:00Z' })],
    bad: [
      [
        token({ token: secret, ttl: '1h', expires: '2027-01-01T00:00:00Z' }),
        'bootstrapTokens[0].expires: cannot be given together with ttl',
      ],
      [token({ token: secret, ttl: '-1h' }), 'bootstrapTokens[0].ttl: must not be negative'],
      [token({ token: secret, expires: 'tomorrow' }), 'bootstrapTokens[0].expires: must be a time'],
    ],
  },
  {
    rule: 'the groups of tokens are bootstrappers',
    good: [
      token({ token: secret, groups: ['system:bootstrappers:a:b-c'] }),
      token({ token: secret, usages: ['signing'] }),
    ],
    bad: [
      [
        token({ token: secret, groups: ['system:masters'] }),
        'bootstrapTokens[0].groups[0]: `system:masters` must begin with',
      ],
      [
        token({ token: secret, usages: ['signing'], groups: ['system:bootstrappers:a'] }),
        'need `authentication` among the usages',
      ],
      [token({ token: secret, usages: ['sign'] }), 'usages[0]: must be one of signing, authentication'],
    ],
  },
  {
    rule: 'the certificate key is an AES key',
    good: [init({ certificateKey: 'aB'.repeat(32) }), init({ certificateKey: '' })],
    bad: [[init({ certificateKey: 'ab'.repeat(31) }), 'certificateKey: is no AES key of 32 bytes']],
  },
  {
    rule: 'timeouts are positive',
    good: [init({ timeouts: { discovery: '1ns' } })],
    bad: [
      [init({ timeouts: { discovery: '0s' } }), 'timeouts.discovery: must be longer than 0s'],
      [init({ timeouts: { kubernetesAPICall: '-1m' } }), 'timeouts.kubernetesAPICall: must be longer than 0s'],
    ],
  },
  {
    rule: '`all` ignored checks stand alone',
    good: [node({ ignorePreflightErrors: ['All'] }), node({ ignorePreflightErrors: ['Swap', 'Mem'] })],
    bad: [[node({ ignorePreflightErrors: ['all', 'Swap'] }), '`all` must stand alone, not beside swap']],
  },
  {
    rule: 'patches are in a directory',
    good: [init({ patches: { directory: '/patches' } })],
    bad: [
      [init({ patches: { directory: '/none' } }), 'patches.directory: /none is not there'],
      [init({ patches: { directory: '/file' } }), 'patches.directory: /file is no directory'],
    ],
  },
  {
    rule: 'subnets are networks of one or both families',
    good: [
      net({ serviceSubnet: '10.0.0.0/16,fd00::/112' }),
      net({ serviceSubnet: '10.0.0.0/16, fd00::/112' }),
      net({ podSubnet: '10.244.0.0/16' }),
    ],
    bad: [
      [net({ serviceSubnet: '10.0.0.0' }), 'networking.serviceSubnet: `10.0.0.0` is no network'],
      [net({ podSubnet: '10.244.0.0/16,' }), 'networking.podSubnet: `10.244.0.0/16,` is no network'],
      [net({ serviceSubnet: '10.0.0.0/16,10.1.0.0/16' }), 'must be one network, or one of IPv4 and one of IPv6'],
      [net({ podSubnet: '10.244.0.0/16,fd00::/56,fd01::/56' }), 'must be one network, or one of IPv4 and one of IPv6'],
      [net({ podSubnet: 'fec0::/56' }), 'warning:', 'fec0::/56 is in fec0::/10, which is deprecated'],
    ],
  },
  {
    rule: 'the service subnet has a usable size',
    good: [net({ serviceSubnet: '10.0.0.0/28' }), net({ serviceSubnet: '10.0.0.0/12' })],
    bad: [
      [net({ serviceSubnet: '10.0.0.0/29' }), '10.0.0.0/29 is too small: 8 addresses, 10 are needed'],
      [net({ serviceSubnet: '10.0.0.0/11' }), '10.0.0.0/11 is too large (the prefix must be /12 or longer)'],
      [net({ serviceSubnet: '10.0.0.0/16,fd00::/107' }), 'fd00::/107 is too large (the prefix must be /108 or longer)'],
    ],
  },
  {
    rule: 'the pod subnet holds networks of nodes, and not too many',
    good: [
      net({ podSubnet: '10.244.0.0/24' }),
      net({ podSubnet: '10.244.0.0/8', serviceSubnet: '172.16.0.0/16' }),
      {
        cluster: {
          networking: { podSubnet: '10.244.0.0/25' },
          controllerManager: { extraArgs: [{ name: 'node-cidr-mask-size-ipv4', value: '26' }] },
        },
      },
      {
        cluster: {
          networking: { podSubnet: 'fd00::/40' },
          controllerManager: { extraArgs: [{ name: 'allocate-node-cidrs', value: 'false' }] },
        },
      },
    ],
    bad: [
      [
        net({ podSubnet: '10.244.0.0/25' }),
        '10.244.0.0/25 is smaller than the network of one node (nodes get a /24 each',
      ],
      [net({ podSubnet: 'fd00::/47' }), 'fd00::/47 holds too many nodes'],
      [
        {
          cluster: {
            networking: { podSubnet: '10.244.0.0/16' },
            controllerManager: { extraArgs: [{ name: 'node-cidr-mask-size-ipv4', value: 'x' }] },
          },
        },
        'is `x`, no number',
      ],
      [
        {
          cluster: {
            networking: { podSubnet: '10.244.0.0/29' },
            controllerManager: { extraArgs: [{ name: 'allocate-node-cidrs', value: 'false' }] },
          },
        },
        '10.244.0.0/29 is too small: 8 addresses, 14 are needed',
      ],
    ],
  },
  {
    rule: 'subnets do not overlap',
    good: [net({ serviceSubnet: '10.96.0.0/16', podSubnet: '10.97.0.0/16' })],
    bad: [
      [
        net({ serviceSubnet: '10.96.0.0/16', podSubnet: '10.0.0.0/8' }),
        '10.0.0.0/8 overlaps serviceSubnet 10.96.0.0/16',
      ],
    ],
  },
  {
    rule: 'the advertise address fits the subnets',
    good: [
      { ...advertise('fd00::10'), ...net({ serviceSubnet: 'fd01::/112,10.0.0.0/16' }) },
      { ...advertise('127.0.0.1'), ...net({ serviceSubnet: '10.0.0.0/16' }) },
      {
        ...advertise('fd00::10'),
        cluster: { apiServer: { extraArgs: [{ name: 'endpoint-reconciler-type', value: 'none' }] } },
      },
    ],
    bad: [
      [advertise('fd00::10'), 'networking.serviceSubnet: begins with IPv4, but the advertise address fd00::10 is IPv6'],
      [
        { ...advertise('192.0.2.1'), ...net({ serviceSubnet: 'fd01::/112,10.0.0.0/16' }) },
        'begins with IPv6, but the advertise address 192.0.2.1 is IPv4',
      ],
      [{ ...advertise('10.96.1.1') }, 'warning:', 'the advertise address 10.96.1.1 is in 10.96.0.0/12'],
    ],
  },
  {
    rule: 'the DNS domain is a subdomain',
    good: [net({ dnsDomain: 'k8s.example.com' })],
    bad: [[net({ dnsDomain: 'cluster.local.' }), 'networking.dnsDomain: `cluster.local.` is no DNS-1123 subdomain']],
  },
  {
    rule: 'the control plane endpoint is a host and perhaps a port',
    good: ['cp.example.com', 'cp.example.com:6443', '192.0.2.9', 'fd00::9', '[fd00::9]:6443', '[fd00::9]'].map(
      (controlPlaneEndpoint) => cluster({ controlPlaneEndpoint }),
    ),
    bad: [
      [
        cluster({ controlPlaneEndpoint: 'https://cp:6443' }),
        'controlPlaneEndpoint: `https://cp:6443` must be a DNS name or an IP address',
      ],
      [cluster({ controlPlaneEndpoint: 'CP.example.com' }), 'must be a DNS name or an IP address'],
      [cluster({ controlPlaneEndpoint: 'cp:0' }), '`0` is no port'],
      [cluster({ controlPlaneEndpoint: 'cp:https' }), '`https` is no port'],
      [cluster({ controlPlaneEndpoint: 'cp:443' }), 'warning:', 'clients use port 443 and not bindPort 6443'],
    ],
  },
  {
    rule: 'the Kubernetes version is one that can be deployed',
    good: ['v1.36.0', 'v1.37.99', '1.37.2', 'stable-1', ''].map((kubernetesVersion) => cluster({ kubernetesVersion })),
    bad: [
      [
        cluster({ kubernetesVersion: 'v1.35.9' }),
        'kubernetesVersion: v1.35.9 cannot be deployed by this release: v1.36 and v1.37 can',
      ],
      [cluster({ kubernetesVersion: 'v1.38.0' }), 'v1.38.0 cannot be deployed'],
      [cluster({ kubernetesVersion: 'v2.37.0' }), 'v2.37.0 cannot be deployed'],
      [cluster({ kubernetesVersion: '1.37' }), '`1.37` is no version'],
      [cluster({ kubernetesVersion: 'ci/latest' }), '`ci/latest` is no version'],
      [cluster({ kubernetesVersion: 'stable-1.36' }), 'warning:', '`stable-1.36` is taken as v1.37.2'],
    ],
  },
  {
    rule: 'the certificates directory is absolute and one',
    good: [{ ...cluster({ certificatesDir: '/pki' }), reset: { certificatesDir: '/pki' } }],
    bad: [
      [cluster({ certificatesDir: 'pki' }), 'certificatesDir: `pki` is no absolute path'],
      [
        { ...cluster({ certificatesDir: '/pki' }), reset: { certificatesDir: '/other' } },
        'certificatesDir: differs from that of the ClusterConfiguration, /pki',
      ],
    ],
  },
  {
    rule: 'images are named well',
    good: [
      'registry.k8s.io',
      'localhost:5000/a/b',
      'Example.com/x',
      '[fd00::1]:5000/x',
      'k8s',
      '192.0.2.1/a__b.c-d',
    ].map((imageRepository) => cluster({ imageRepository })),
    bad: [
      [
        cluster({ imageRepository: 'https://registry.k8s.io' }),
        'imageRepository: `https://registry.k8s.io` is no image repository',
      ],
      [cluster({ imageRepository: 'registry.k8s.io/UPPER' }), 'is no image repository'],
      [cluster({ imageRepository: 'registry.k8s.io/' }), 'is no image repository'],
      [cluster({ dns: { imageRepository: 'a b' } }), 'dns.imageRepository: `a b` is no image repository'],
      [cluster({ dns: { imageTag: '-x' } }), 'dns.imageTag: `-x` is no image tag'],
      [local({ imageRepository: 'a//b' }), 'etcd.local.imageRepository: `a//b` is no image repository'],
      [local({ imageTag: 'a:b' }), 'etcd.local.imageTag: `a:b` is no image tag'],
    ],
  },
  {
    rule: 'SANs are addresses or names',
    good: [cluster({ apiServer: { certSANs: ['192.0.2.1', 'fd00::1', 'A.example.com', '*.example.com'] } })],
    bad: [
      [
        cluster({ apiServer: { certSANs: ['a', '*'] } }),
        'apiServer.certSANs[1]: `*` is neither an IP address nor a DNS name',
      ],
      [local({ serverCertSANs: ['192.0.2.1:2379'] }), 'etcd.local.serverCertSANs[0]: `192.0.2.1:2379` is neither'],
      [local({ peerCertSANs: [''] }), 'etcd.local.peerCertSANs[0]: `` is neither'],
    ],
  },
  {
    rule: 'extra volumes are well formed',
    good: [
      volume(
        { name: 'a', hostPath: '/a', mountPath: '/b', pathType: 'File' },
        { name: 'b', hostPath: '/a', mountPath: '/c', pathType: '' },
      ),
    ],
    bad: [
      [volume({ hostPath: '/a', mountPath: '/b' }), 'apiServer.extraVolumes[0].name: missing'],
      [volume({ name: 'A', hostPath: '/a', mountPath: '/b' }), 'name: `A` is no DNS-1123 label'],
      [
        volume({ name: 'a', hostPath: '/a', mountPath: '/b' }, { name: 'a', hostPath: '/a', mountPath: '/c' }),
        'extraVolumes[1].name: a second volume `a`',
      ],
      [volume({ name: 'a', mountPath: '/b' }), 'hostPath: missing'],
      [volume({ name: 'a', hostPath: 'a', mountPath: '/b' }), 'hostPath: `a` is no absolute path'],
      [volume({ name: 'a', hostPath: '/a' }), 'mountPath: missing'],
      [volume({ name: 'a', hostPath: '/a', mountPath: '/b:c' }), 'mountPath: `/b:c` must not hold a colon'],
      [
        volume({ name: 'a', hostPath: '/a', mountPath: '/b', pathType: 'Dir' }),
        'pathType: must be one of DirectoryOrCreate',
      ],
    ],
  },
  {
    rule: 'extra environment variables are named',
    good: [
      env(
        { name: 'A', value: 'b' },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'C' },
      ),
    ],
    bad: [
      [env({ value: 'b' }), 'scheduler.extraEnvs[0].name: missing'],
      [env({ name: 'A=B' }), '`A=B` is no name of a variable'],
      [
        env({ name: 'A', value: 'b', valueFrom: { fieldRef: { fieldPath: 'x' } } }),
        'valueFrom: cannot be given together with value',
      ],
      [env({ name: 'A', valueFrom: { fieldRf: {} } }), 'unknown field `fieldRf`, did you mean `fieldRef`?'],
      [local({ extraEnvs: [{ name: '' }] }), 'etcd.local.extraEnvs[0].name: missing'],
    ],
  },
  {
    rule: 'feature gates are known and supported',
    good: [cluster({ featureGates: { RootlessControlPlane: false } })],
    bad: [
      [
        cluster({ featureGates: { RootlessControlPlane: true } }),
        'featureGates.RootlessControlPlane: not supported: kubeadm has deprecated it',
      ],
      [cluster({ featureGates: { EtcdLearnerMode: true } }), 'unknown feature gate: it is always on'],
      [
        cluster({ featureGates: { Foo: true } }),
        'featureGates.Foo: unknown feature gate (known: RootlessControlPlane)',
      ],
    ],
  },
  {
    rule: 'validity periods are sensible',
    good: [cluster({ certificateValidityPeriod: '1h', caCertificateValidityPeriod: '1h' })],
    bad: [
      [cluster({ certificateValidityPeriod: '0s' }), 'certificateValidityPeriod: must be longer than 0s'],
      [
        cluster({ certificateValidityPeriod: '1h', caCertificateValidityPeriod: '-1h' }),
        'caCertificateValidityPeriod: must be longer than 0s',
      ],
      [
        cluster({ certificateValidityPeriod: '8761h' }),
        'warning:',
        'certificateValidityPeriod: is longer than recommended (365 d)',
      ],
      [
        cluster({ caCertificateValidityPeriod: '87601h' }),
        'warning:',
        'caCertificateValidityPeriod: is longer than recommended',
      ],
      [
        cluster({ certificateValidityPeriod: '2h', caCertificateValidityPeriod: '1h' }),
        'warning:',
        'is longer than caCertificateValidityPeriod',
      ],
    ],
  },
  {
    rule: 'the algorithm is one that kubeadm knows',
    good: ['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'].map((encryptionAlgorithm) =>
      cluster({ encryptionAlgorithm }),
    ),
    bad: [
      [
        cluster({ encryptionAlgorithm: 'ML-DSA-44' }),
        'encryptionAlgorithm: must be one of RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384, is `ML-DSA-44`',
      ],
    ],
  },
  {
    rule: 'etcd is local or external, and its data directory absolute',
    good: [local({ dataDir: '/data' }), external({})],
    bad: [
      [
        cluster({ etcd: { local: {}, external: { endpoints: ['http://192.0.2.1:2379'] } } }),
        'etcd.external: cannot be given together with etcd.local',
      ],
      [local({ dataDir: 'data' }), 'etcd.local.dataDir: `data` is no absolute path'],
    ],
  },
  {
    rule: 'external etcd has endpoints that are URLs, of https where there are certificates',
    good: [
      external({ endpoints: ['http://192.0.2.1:2379'] }),
      external({ httpEndpoints: ['http://192.0.2.1:2381'], caFile: '/a' }),
    ],
    bad: [
      [external({ endpoints: [] }), 'etcd.external.endpoints: needs at least one URL'],
      [external({ endpoints: ['192.0.2.1:2379'] }), 'etcd.external.endpoints[0]: `192.0.2.1:2379` is no URL'],
      [
        external({ endpoints: ['https://a:1', 'http://192.0.2.1:2379'], caFile: '/ca.crt' }),
        'endpoints[1]: http://192.0.2.1:2379 must be https',
      ],
      [external({ httpEndpoints: ['metrics'] }), 'etcd.external.httpEndpoints[0]: `metrics` is no URL'],
    ],
  },
  {
    rule: 'the certificates of external etcd come together',
    good: [external({ caFile: '/ca', certFile: '/c', keyFile: '/k' }), external({ caFile: '/ca' })],
    bad: [
      [external({ caFile: '/ca', certFile: '/c' }), 'etcd.external.certFile: certFile and keyFile come together'],
      [external({ caFile: '/ca', keyFile: '/k' }), 'etcd.external.keyFile: certFile and keyFile come together'],
      [external({ certFile: '/c', keyFile: '/k' }), 'etcd.external.caFile: missing'],
      [external({ caFile: 'ca.crt' }), 'etcd.external.caFile: `ca.crt` is no absolute path'],
    ],
  },
  {
    rule: 'ports are ports and differ',
    good: [
      { bootstrap: { ports: { etcdClient: 1, kubeletApi: 65535 } } },
      { bootstrap: { ports: { etcdClient: 6443 } }, ...external({}) },
    ],
    bad: [
      [{ bootstrap: { ports: { etcdPeer: 0 } } }, 'ports.etcdPeer: 0 is no port'],
      [{ bootstrap: { ports: { agentHealth: 70000 } } }, 'ports.agentHealth: 70000 is no port'],
      [{ bootstrap: { ports: { etcdPeer: 2379 } } }, 'ports.etcdPeer: 2379 is taken by ports.etcdClient'],
      [
        { bootstrap: { ports: { kubeletApi: 7443 } }, ...init({ localAPIEndpoint: { bindPort: 7443 } }) },
        '7443 is taken by localAPIEndpoint.bindPort',
      ],
    ],
  },
  {
    rule: 'the runtime endpoint is a unix socket of a runtime that has one',
    good: [{ bootstrap: { runtime: { type: 'docker', endpoint: 'unix:///run/docker.sock' } } }],
    bad: [
      [{ bootstrap: { runtime: { endpoint: 'http://x' } } }, 'runtime.endpoint: `http://x` is no unix socket'],
      [
        { bootstrap: { runtime: { type: 'process', endpoint: 'unix:///x' } } },
        'runtime.endpoint: has no meaning with runtime.type process',
      ],
      [
        { bootstrap: { runtime: { type: 'dockr' } } },
        'runtime.type: must be one of auto, docker, cri, process, is `dockr`, did you mean `docker`?',
      ],
    ],
  },
  {
    rule: 'rollout is sensible',
    good: [{ bootstrap: { rollout: { healthTimeout: '1s', settle: '0s', keepRevisions: 1 } } }],
    bad: [
      [{ bootstrap: { rollout: { healthTimeout: '0s' } } }, 'rollout.healthTimeout: must be longer than 0s'],
      [{ bootstrap: { rollout: { settle: '-1s' } } }, 'rollout.settle: must not be negative'],
      [{ bootstrap: { rollout: { keepRevisions: 0 } } }, 'rollout.keepRevisions: must be 1 or more'],
      [{ bootstrap: { rollout: { apiServer: 'Overlap' } } }, 'did you mean `overlap`?'],
    ],
  },
  {
    rule: 'kubelet and kube-proxy are as the cluster needs them',
    good: [
      {
        cluster: {},
        kubelet: {
          staticPodPath: '/etc/kubernetes/manifests',
          clusterDNS: ['10.96.0.10'],
          cgroupDriver: 'cgroupfs',
          healthzPort: 10248,
        },
      },
      { ...net({ podSubnet: '10.244.0.0/16' }), kubeProxy: { clusterCIDR: '10.244.0.0/16', mode: 'nftables' } },
    ],
    bad: [
      [
        { cluster: {}, kubelet: { clusterDNS: ['10.96.0.11'] } },
        'warning:',
        'clusterDNS: is ["10.96.0.11"], kubeadm would set ["10.96.0.10"]',
      ],
      [{ cluster: {}, kubelet: { clusterDomain: 'x' } }, 'warning:', 'clusterDomain: is "x"'],
      [{ cluster: {}, kubelet: { cgroupDriver: 'none' } }, 'cgroupDriver: `none` is neither systemd nor cgroupfs'],
      [
        { ...net({ podSubnet: '10.244.0.0/16' }), kubeProxy: { clusterCIDR: '10.0.0.0/16' } },
        'warning:',
        'clusterCIDR: differs from networking.podSubnet',
      ],
      [{ cluster: {}, kubeProxy: { mode: 'ipvs' } }, 'warning:', 'mode: ipvs is deprecated'],
    ],
  },
];

const machine: ConfigMachine = { files: { '/patches': undefined, '/file': 'x' } };

async function findingsOf(documents: Documents): Promise<string[]> {
  const text = configText(
    'init' in documents || 'cluster' in documents || 'bootstrap' in documents
      ? documents
      : { ...documents, cluster: {} },
  );
  const host = configHost({ ...machine, files: { ...machine.files, 'c.yaml': text } });
  const { findings } = await checkConfig({ host, file: 'c.yaml', flags: {}, rootDir: '/' });
  return findings.map(renderFinding);
}

describe('rules', () => {
  for (const { rule, good, bad } of cases) {
    it(rule, async () => {
      for (const documents of good) {
        const errors = (await findingsOf(documents)).filter((line) => line.includes(' error: '));
        assert.deepEqual(errors, [], JSON.stringify(documents));
      }
      for (const [documents, ...texts] of bad) {
        const found = await findingsOf(documents);
        const hit = found.find((line) => texts.every((text) => line.includes(text)));
        assert.ok(hit !== undefined, `${texts.join(' ')}\nbut found:\n${found.join('\n')}`);
        assert.match(
          hit,
          texts[0] === 'warning:' ? /^c\.yaml(?::\d+:\d+)?: warning: / : /^c\.yaml(?::\d+:\d+)?: error: /,
        );
        if (texts[0] !== 'warning:')
          assert.equal(found.filter((line) => line.includes(' error: ')).length, 1, found.join('\n'));
      }
    });
  }

  it('say what to set where the machine has no name or no default route', async () => {
    const found = async (...addresses: readonly string[]) => {
      const own = addresses.map((address, at) => ({ name: `eth${at}`, address, family: 4 as const, loopback: false }));
      const host = configHost({ hostname: ' ', defaultInterfaces: {}, addresses: own });
      return (await checkConfig({ host, flags: {}, rootDir: '/' })).findings.map(renderFinding);
    };
    const nameless =
      'error: nodeRegistration.name: the machine has no host name (letters a-z, digits, `-` and `.`; set nodeRegistration.name or --node-name)';
    const routeless =
      'error: localAPIEndpoint.advertiseAddress: this machine has no default route to take the address from';
    const set = 'set localAPIEndpoint.advertiseAddress or --apiserver-advertise-address to';
    assert.deepEqual(await found('192.0.2.10', '198.51.100.7'), [
      nameless,
      `${routeless} (${set} one of its own: 192.0.2.10 (eth0), 198.51.100.7 (eth1))`,
    ]);
    assert.deepEqual(await found(), [
      nameless,
      `${routeless} (it has no address that others reach either: give it one, or ${set} 127.0.0.1 for a plane by itself)`,
    ]);
    assert.deepEqual(await found('192.0.2.10'), [nameless], 'the only one is taken');
  });
});
