import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { errorsOf } from '../../src/base/diagnostics.ts';
import { kinds } from '../../src/config/kinds.ts';
import { clusterConfigurationDocument, initConfigurationDocument } from '../../src/config/kubeadm-view.ts';
import { checkConfig, loadConfig } from '../../src/config/load.ts';
import type { FieldType } from '../../src/config/schema.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { parseYaml, toYaml } from '../../src/kube/yaml.ts';
import { program } from '../components/locations.ts';
import { configText } from '../fakes/config-host.ts';
import { run } from './support/command.ts';

type Documents = Parameters<typeof configText>[0];

const directory = mkdtempSync(join(tmpdir(), 'kubeadm-config-'));
after(() => rmSync(directory, { recursive: true }));

/** What kubeadm would take from the machine. */
const init = {
  nodeRegistration: { name: 'node1', criSocket: 'unix:///var/run/containerd/containerd.sock' },
  bootstrapTokens: [{ token: 'abcdef.0123456789abcdef' }],
  localAPIEndpoint: { advertiseAddress: '192.0.2.10' },
};
const token = {
  token: 'abcdef.0123456789abcdef',
  groups: ['system:bootstrappers:x'],
  usages: ['authentication'],
  ttl: '90m',
  description: 'd',
};
const argument = { name: 'v', value: '4' };

const accepted: readonly (readonly [string, Documents])[] = [
  ['nothing but the machine', { init, cluster: { kubernetesVersion: 'v1.37.2' } }],
  [
    'IPv6',
    {
      init: { ...init, localAPIEndpoint: { advertiseAddress: '2001:DB8:0::10', bindPort: 7443 } },
      cluster: {
        kubernetesVersion: '1.36.1',
        controlPlaneEndpoint: '2001:db8::99',
        networking: { serviceSubnet: 'fd00:10:96::/112', podSubnet: 'fd00:10:244::/56' },
      },
    },
  ],
  [
    'dual-stack',
    {
      init,
      cluster: {
        kubernetesVersion: 'v1.37.2',
        networking: { serviceSubnet: '10.96.0.0/16,fd00:10:96::/112', podSubnet: '10.244.0.0/16,fd00:10:244::/56' },
      },
    },
  ],
  [
    'external etcd',
    {
      init,
      cluster: {
        kubernetesVersion: 'v1.37.2',
        etcd: { external: { endpoints: ['https://192.0.2.20:2379'], caFile: '/a', certFile: '/b', keyFile: '/c' } },
      },
    },
  ],
  [
    'every part of a node',
    {
      init: {
        ...init,
        bootstrapTokens: [token],
        certificateKey: 'ab'.repeat(32),
        nodeRegistration: {
          ...init.nodeRegistration,
          taints: [{ key: 'a', value: 'b', effect: 'NoExecute' }],
          kubeletExtraArgs: [argument],
          imagePullPolicy: 'Never',
          imagePullSerial: false,
        },
        skipPhases: ['addon'],
        patches: { directory: directory },
        timeouts: { discovery: '90s', etcdAPICall: '1m30.5s' },
      },
      cluster: { kubernetesVersion: 'v1.37.2' },
    },
  ],
];

describe('configurations that kubeadm takes', () => {
  for (const [name, documents] of [...accepted, ['every part of a cluster', wholeCluster()] as const]) {
    test(`are the same to us, defaults and all: ${name}`, async () => {
      const file = written(configText(documents));
      const migrated = join(directory, 'migrated.yaml');
      const ran = await run(program('kubeadm'), ['config', 'migrate', '--old-config', file, '--new-config', migrated]);
      assert.equal(ran.code, 0, ran.stderr);
      const config = await loadConfig({ host: nodeHost, file, flags: {}, rootDir: '/' });
      const ours = [initConfigurationDocument(config, { secrets: true }), clusterConfigurationDocument(config)];
      assert.deepEqual(documentsOf(ours.map(toYaml).join('---\n')), documentsOf(readFileSync(migrated, 'utf8')));
    });
  }
});

describe('configurations that kubeadm refuses', () => {
  const refused: Readonly<Record<string, Documents>> = {
    'a node name': { init: { ...init, nodeRegistration: { ...init.nodeRegistration, name: 'a_b' } } },
    'an advertise address': { init: { ...init, localAPIEndpoint: { advertiseAddress: 'x' } } },
    'a port': { init: { ...init, localAPIEndpoint: { bindPort: 65536 } } },
    'a token': { init: { ...init, bootstrapTokens: [{ token: 'a.b' }] } },
    'a group': { init: { ...init, bootstrapTokens: [{ ...token, groups: ['x'] }] } },
    'a certificate key': { init: { ...init, certificateKey: 'x' } },
    'an argument without a name': { init, cluster: { scheduler: { extraArgs: [{ value: 'x' }] } } },
    'a service subnet': { init, cluster: { networking: { serviceSubnet: '10.0.0.0/11' } } },
    'a small service subnet': { init, cluster: { networking: { serviceSubnet: '10.0.0.0/29' } } },
    'two subnets of a family': { init, cluster: { networking: { serviceSubnet: '10.0.0.0/16,10.1.0.0/16' } } },
    'a pod subnet': { init, cluster: { networking: { podSubnet: '10.0.0.0/25' } } },
    'a large pod subnet': { init, cluster: { networking: { podSubnet: 'fd00::/47' } } },
    'a domain': { init, cluster: { networking: { dnsDomain: 'a_b' } } },
    'an endpoint': { init, cluster: { controlPlaneEndpoint: 'https://x' } },
    'a directory': { init, cluster: { certificatesDir: 'pki' } },
    'a repository': { init, cluster: { imageRepository: 'a b' } },
    'a SAN': { init, cluster: { apiServer: { certSANs: ['a b'] } } },
    'an algorithm': { init, cluster: { encryptionAlgorithm: 'RSA' } },
    'a feature gate': { init, cluster: { featureGates: { EtcdLearnerMode: true } } },
    'two kinds of etcd': { init, cluster: { etcd: { local: {}, external: { endpoints: ['https://x:1'] } } } },
    'half a certificate': { init, cluster: { etcd: { external: { endpoints: ['https://x:1'], certFile: '/c' } } } },
    'an old version': { init, cluster: { kubernetesVersion: 'v1.35.0' } },
    'an unknown field': { init, cluster: { networking: { subnet: 'x' } } },
    'a wrong type': { init, cluster: { clusterName: 5 } },
    'a bad duration': { init: { ...init, timeouts: { discovery: 'x' } } },
    'an unknown field of a kubelet': { init, kubelet: { staticPodPaht: 'x' } },
    'a wrong type of kube-proxy': { init, kubeProxy: { mode: 5 } },
  };
  for (const [name, documents] of Object.entries(refused)) {
    test(`are refused by us: ${name}`, async () => {
      const file = written(
        configText({ ...documents, cluster: { kubernetesVersion: 'v1.37.2', ...documents.cluster } }),
      );
      const { code } = await run(program('kubeadm'), ['config', 'validate', '--config', file]);
      assert.notEqual(code, 0, 'kubeadm takes it');
      const { findings } = await checkConfig({ host: nodeHost, file, flags: {}, rootDir: '/' });
      assert.equal(errorsOf(findings).length, 1, JSON.stringify(findings));
    });
  }
});

describe('our tables of fields', () => {
  for (const [kind, { apiVersion, type }] of Object.entries(kinds)) {
    if (kind === 'BootstrapConfiguration') continue;
    test(`have names and types that kubeadm decodes: ${kind}`, async () => {
      const documents = [{ apiVersion, kind, ...sample(type) }];
      if (kind.startsWith('Kube'))
        documents.push({ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'InitConfiguration', ...init });
      const file = written(documents.map((document) => toYaml(document)).join('---\n'));
      const { stderr } = await run(program('kubeadm'), ['config', 'validate', '--config', file]);
      // Values may be refused after decoding; names and types may not.
      assert.doesNotMatch(stderr, /unmarshal|strict decoding|unknown field|cannot parse/);
    });
  }
});

/** A value of a type with every field in it. */
function sample(type: FieldType): Readonly<Record<string, unknown>> {
  return valueOfType(type) as Readonly<Record<string, unknown>>;
}

function valueOfType(type: FieldType): unknown {
  if (typeof type === 'string') return scalarSamples[type];
  if ('oneOf' in type) return type.oneOf[0];
  if ('list' in type) return [valueOfType(type.list)];
  if ('map' in type) return { key: valueOfType(type.map) };
  const members = Object.entries(type.fields).filter(([name]) => name !== 'token' && name !== 'tlsBootstrapToken');
  return Object.fromEntries(members.map(([name, member]) => [name, valueOfType(member)]));
}

const scalarSamples = {
  string: 'text',
  boolean: true,
  int32: 7,
  int64: 7,
  uint32: 7,
  float: 0.5,
  duration: '7s',
  durationOrNumber: 7,
  time: '2027-01-01T00:00:00Z',
  quantity: '7Mi',
} as const;

function wholeCluster(): Documents {
  const variable = { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
  const volume = { name: 'audit', hostPath: '/a', mountPath: '/b', readOnly: true, pathType: 'DirectoryOrCreate' };
  const component = {
    extraArgs: [argument, { name: 'x', value: '' }],
    extraEnvs: [variable, { name: 'A', value: 'b' }],
    extraVolumes: [volume],
  };
  return {
    init,
    cluster: {
      kubernetesVersion: 'v1.37.1',
      clusterName: 'mine',
      controlPlaneEndpoint: 'cp.example.com',
      certificatesDir: '/pki',
      imageRepository: 'registry.example.com:5000/k8s',
      encryptionAlgorithm: 'ECDSA-P384',
      certificateValidityPeriod: '4380h',
      caCertificateValidityPeriod: '43800h30m',
      featureGates: { RootlessControlPlane: false },
      networking: { serviceSubnet: '10.0.0.0/16', podSubnet: '10.244.0.0/16', dnsDomain: 'k8s.example.com' },
      apiServer: { ...component, certSANs: ['API.example.com', '*.example.com', '192.0.2.1'] },
      controllerManager: component,
      scheduler: component,
      etcd: {
        local: {
          imageRepository: 'e.example.com',
          imageTag: '3.7.1-0',
          dataDir: '/data',
          extraArgs: [argument],
          extraEnvs: [variable],
          serverCertSANs: ['e1'],
          peerCertSANs: ['192.0.2.2'],
        },
      },
      dns: { imageRepository: 'd.example.com', imageTag: 'v1', disabled: true },
      proxy: { disabled: true },
    },
  };
}

function written(text: string): string {
  const file = join(directory, 'config.yaml');
  writeFileSync(file, text);
  return file;
}

function documentsOf(text: string): unknown[] {
  return parseYaml(text, 'x').documents.map(({ value }) => value);
}
