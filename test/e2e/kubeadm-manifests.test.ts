import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { controlPlanePhase } from '../../src/phases/control-plane.ts';
import { etcdPhase } from '../../src/phases/etcd.ts';
import type { PhaseContext } from '../../src/phases/phase.ts';
import { expectCode } from './support/command.ts';
import { comparable, inKubeadmsPlace } from './support/kubeadm-manifests.ts';

/** InitConfiguration and ClusterConfiguration as both programs read them. */
type Case = {
  readonly name: string;
  readonly init?: string;
  readonly cluster?: string;
  readonly patches?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly externalCa?: boolean;
  readonly dataDir?: string;
};

const manyExtras = `apiServer:
  certSANs: [api.example.com]
  extraArgs:
  - {name: v, value: "4"}
  - {name: enable-admission-plugins, value: "NodeRestriction,PodNodeSelector"}
  - {name: authorization-mode, value: "RBAC,Node,Nonsense"}
  - {name: tls-sni-cert-key, value: "/a.crt,/a.key"}
  - {name: tls-sni-cert-key, value: "/b.crt,/b.key:b.example.com"}
  - {name: audit-policy-file, value: "/etc/audit/policy with spaces: and # marks.yaml"}
  - {name: service-account-issuer, value: "https://one.example.com"}
  - {name: service-account-issuer, value: "https://two.example.com"}
  extraVolumes:
  - {name: audit, hostPath: /etc/audit, mountPath: /etc/audit, readOnly: true, pathType: DirectoryOrCreate}
  - {name: k8s-certs, hostPath: /srv/pki, mountPath: /etc/kubernetes/pki}
  - {name: aaa, hostPath: /srv/aaa, mountPath: /aaa}
  extraEnvs:
  - {name: GODEBUG, value: "x509sha1=1"}
  - {name: NO_PROXY, value: "overridden"}
  - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
  - {name: EMPTY}
controllerManager:
  extraArgs: [{name: bind-address, value: "0.0.0.0"}, {name: node-cidr-mask-size, value: "25"}]
  extraVolumes: [{name: flex, hostPath: /usr/libexec/flex, mountPath: /usr/libexec/flex, pathType: Directory}]
  extraEnvs: [{name: GOMAXPROCS, value: "2"}]
scheduler:
  extraArgs: [{name: bind-address, value: "::"}, {name: config, value: /etc/scheduler.yaml}]
  extraVolumes: [{name: config, hostPath: /etc/scheduler.yaml, mountPath: /etc/scheduler.yaml, pathType: File}]
etcd:
  local:
    extraArgs:
    - {name: listen-metrics-urls, value: "https://0.0.0.0:9981,http://127.0.0.1:9982"}
    - {name: advertise-client-urls, value: "https://etcd.example.com:2379"}
    - {name: quota-backend-bytes, value: "8589934592"}
    extraEnvs: [{name: ETCD_EXPERIMENTAL, value: "yes"}]`;

const patches: Readonly<Record<string, string>> = {
  'README.md': 'no patch',
  'kube-apiserver0+merge.yaml': `metadata: {annotations: {example.com/a: "1"}}
spec: {priorityClassName: system-cluster-critical, priority: null}`,
  'kube-apiserver1+strategic.yaml': `spec:
  containers:
  - name: kube-apiserver
    resources: {limits: {memory: 2048Mi, cpu: "1.5"}, requests: {cpu: "0.5", memory: 0.5Gi}}
    env: [{name: FIRST, value: "1"}, {name: GODEBUG, $patch: delete}]
    volumeMounts: [{mountPath: /aaa, $patch: delete}]
    ports: [{containerPort: 6443, name: https}]
  - name: sidecar
    image: registry.example.com/sidecar:1
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
  volumes: [{name: aaa, $patch: delete}, {name: tmp, emptyDir: {sizeLimit: 1Gi}}]
  tolerations: [{operator: Exists, effect: NoExecute, tolerationSeconds: 0}]
---
spec:
  $setElementOrder/volumes: [{name: tmp}, {name: audit}]
  securityContext: {$patch: replace, runAsNonRoot: true}
  dnsConfig: {searches: []}`,
  'kube-apiserver2+json.json': `[
  {"op": "test", "path": "/spec/hostNetwork", "value": true},
  {"op": "add", "path": "/spec/containers/0/command/-", "value": "--last=1"},
  {"op": "replace", "path": "/metadata/labels/tier", "value": "patched"},
  {"op": "copy", "from": "/metadata/labels/tier", "path": "/metadata/labels/copy~1of"},
  {"op": "remove", "path": "/spec/containers/0/livenessProbe"}
]`,
  'kube-controller-manager.yaml': `spec: {containers: [{name: kube-controller-manager, resources: {requests: {cpu: 100m}}}]}`,
  'kube-schedulersuffix+json.yaml': `- {op: move, from: /spec/priorityClassName, path: /metadata/annotations}
- {op: replace, path: /metadata/annotations, value: {a: b}}`,
  'etcd+strategic.json': '{"spec": {"$retainKeys": ["containers", "volumes", "hostNetwork"], "hostNetwork": true}}',
  'nested/etcd+merge.yaml': 'spec: {hostAliases: [{ip: 192.0.2.1, hostnames: [a.example.com]}]}',
};

const cases: readonly Case[] = [
  { name: 'the defaults' },
  { name: 'ECDSA', cluster: 'encryptionAlgorithm: ECDSA-P256' },
  {
    name: 'IPv6',
    init: 'localAPIEndpoint: {advertiseAddress: "2001:db8::10", bindPort: 7443}',
    cluster: 'networking: {serviceSubnet: "fd00:10:96::/112", podSubnet: "fd00:10:244::/56"}',
  },
  {
    name: 'dual-stack, other names and places, a shorter timeout',
    init: 'timeouts: {controlPlaneComponentHealthCheck: 95s}',
    cluster: `networking: {serviceSubnet: "10.96.0.0/16,fd00:10:96::/112", podSubnet: "10.244.0.0/16,fd00:10:244::/56", dnsDomain: example.test}
clusterName: "prod: 1 # x"
certificatesDir: /etc/kubernetes/elsewhere
imageRepository: mirror.example.com/k8s
etcd: {local: {dataDir: /var/lib/etcd-data, imageTag: 3.6.9-0, imageRepository: mirror.example.com/etcd}}`,
    dataDir: 'etcd-data',
  },
  {
    name: 'external etcd with its files in several places',
    cluster: `etcd:
  external:
    endpoints: ["https://192.0.2.50:2379", "https://[2001:db8::50]:2379"]
    caFile: /etc/etcd/tls/ca/ca.crt
    certFile: /etc/etcd/tls/client.crt
    keyFile: /srv/keys/client.key`,
  },
  {
    name: 'external etcd with its files below certificatesDir and a trust store',
    cluster: `etcd:
  external:
    endpoints: ["https://192.0.2.50:2379"]
    caFile: /etc/kubernetes/pki/etcd/ca.crt
    certFile: /etc/ssl/certs/client.crt
    keyFile: /usr/share/ca-certificates/client.key`,
  },
  {
    name: 'external etcd without TLS',
    cluster: 'etcd: {external: {endpoints: ["http://192.0.2.50:2379"], caFile: "", certFile: "", keyFile: ""}}',
  },
  {
    name: 'many extraArgs, extraVolumes and extraEnvs, proxies, and patches of all three types',
    cluster: manyExtras,
    patches,
    env: { HTTP_PROXY: 'http://proxy:3128', no_proxy: '', NO_PROXY: '10.0.0.0/8', All_Proxy: 'socks5://p' },
  },
  {
    name: 'an authorization configuration, and probes at the pod address',
    init: 'localAPIEndpoint: {advertiseAddress: 192.0.2.11}',
    cluster: 'apiServer: {extraArgs: [{name: authorization-config, value: /etc/authz.yaml}]}',
  },
  { name: 'an external CA', externalCa: true },
];

describe('manifests beside those of kubeadm', () => {
  for (const given of cases) describe(given.name, () => compare(given));
});

function compare(given: Case): void {
  const isRoot = process.getuid?.() === 0;
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'manifests-'));
  });
  after(() => rmSync(directory, { recursive: true }));
  test('differ in nothing but what contract 4 names', async () => {
    const config = writeConfig(directory, given);
    const kubeadms = await runKubeadm(directory, config, given);
    if (!isRoot) {
      // Without root there is no mount namespace, and kubeadm has only its fixed paths.
      assert.match(kubeadms.stderr, /unshare failed: Operation not permitted/);
      return;
    }
    expectCode(kubeadms, 0);
    await runOurs(directory, config, given);
    const [theirs, ours] = [join(directory, 'kubeadm/etc/kubernetes/manifests'), manifestsOf(directory)];
    assert.deepEqual(readdirSync(ours), readdirSync(theirs));
    for (const name of readdirSync(theirs)) {
      const text = readFileSync(join(ours, name), 'utf8').replaceAll(join(directory, 'ours'), '');
      assert.equal(comparable(text), comparable(readFileSync(join(theirs, name), 'utf8')), name);
      assert.equal(mode(join(ours, name)), mode(join(theirs, name)), `mode of ${name}`);
    }
    assert.equal(mode(ours), mode(theirs), 'mode of the manifest directory');
    const dataDir = given.dataDir ?? 'etcd';
    const [theirData, ourData] = [join(directory, 'kubeadm/lib', dataDir), join(directory, 'ours/var/lib', dataDir)];
    assert.equal(existsSync(ourData), existsSync(theirData));
    if (existsSync(ourData)) assert.equal(mode(ourData), mode(theirData), 'mode of the data directory');
  });
}

function writeConfig(directory: string, { init = '', cluster = '', patches: files }: Case): string {
  const patchesDirectory = join(directory, 'patches');
  for (const [name, text] of Object.entries(files ?? {})) {
    mkdirSync(dirname(join(patchesDirectory, name)), { recursive: true });
    writeFileSync(join(patchesDirectory, name), text);
  }
  const endpoint = init.includes('localAPIEndpoint') ? '' : 'localAPIEndpoint: {advertiseAddress: 192.0.2.10}';
  const file = join(directory, 'config.yaml');
  writeFileSync(
    file,
    `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration: {name: node1, criSocket: unix:///var/run/containerd/containerd.sock}
${endpoint}
${init}
${files === undefined ? '' : `patches: {directory: ${patchesDirectory}}`}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.2
${cluster}`,
  );
  return file;
}

function runKubeadm(directory: string, config: string, { externalCa = false, env = {} }: Case) {
  const signedElsewhere = [
    `kubeadm init phase certs all --config ${config}`,
    `kubeadm init phase kubeconfig all --config ${config}`,
    'rm /etc/kubernetes/pki/ca.key',
  ];
  const lines = [
    ...(externalCa ? signedElsewhere : []),
    `kubeadm init phase etcd local --config ${config}`,
    `kubeadm init phase control-plane all --config ${config}`,
  ];
  return inKubeadmsPlace(join(directory, 'kubeadm'), lines.join(' && '), env);
}

async function runOurs(directory: string, file: string, { externalCa = false, env = {} }: Case): Promise<void> {
  const root = join(directory, 'ours');
  const host = { ...nodeHost, environment: () => ({ ...nodeHost.environment(), ...env }) };
  const config = await loadConfig({ host, file, flags: {}, rootDir: root });
  const { certificatesDir } = config.cluster;
  const paths = pathsOf(root, { certificatesDir, etcdDataDir: config.cluster.etcd.local?.dataDir ?? '/var/lib/etcd' });
  if (externalCa) {
    mkdirSync(paths.certificatesDir, { recursive: true });
    writeFileSync(join(paths.certificatesDir, 'ca.crt'), 'whose key is elsewhere');
  }
  const nothing = () => {};
  const context: PhaseContext = {
    config,
    paths,
    host,
    clock: systemClock,
    report: { item: nothing, waiting: nothing, info: nothing, warn: nothing, file: nothing },
    log: silentLog,
    signal: new AbortController().signal,
    dryRun: false,
  };
  if (etcdPhase.skip?.(context) === undefined) await etcdPhase.phases?.[0]?.run?.(context);
  await controlPlanePhase.run?.(context);
}

function manifestsOf(directory: string): string {
  return join(directory, 'ours/etc/kubernetes/manifests');
}

function mode(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}
