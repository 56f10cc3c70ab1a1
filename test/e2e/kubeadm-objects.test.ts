import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { standingObjects } from '../../src/cluster/standing-objects.ts';
import { type ApiObject, objectTitle } from '../../src/cluster/wanted-object.ts';
import { loadConfig } from '../../src/config/load.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { readPatches } from '../../src/manifests/patches.ts';
import { readAddonTemplates } from '../../src/manifests/templates.ts';
import { configText } from '../fakes/config-host.ts';
import { kubeadmObjects, plainObject, writeAdminConf } from './support/kubeadm-objects.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubeadm-objects-'));
const server = 'https://127.0.0.1:1';
let ca = '';

before(async () => {
  ({ ca } = await writeAdminConf(directory, server));
});
after(() => rmSync(directory, { recursive: true }));

/** What kubeadm would take from the machine. */
const init = {
  nodeRegistration: { name: 'node1', criSocket: 'unix:///var/run/containerd/containerd.sock' },
  bootstrapTokens: [{ token: 'abcdef.0123456789abcdef' }],
  localAPIEndpoint: { advertiseAddress: '192.0.2.10' },
};
const cluster = { kubernetesVersion: 'v1.37.2' };

type Case = {
  readonly documents: Parameters<typeof configText>[0];
  readonly env?: Readonly<Record<string, string>>;
  /** File names and texts of `--patches`. */
  readonly patches?: Readonly<Record<string, string>>;
};

const cases: Readonly<Record<string, Case>> = {
  'nothing but the machine': { documents: { init, cluster } },
  'a dual-stack cluster behind a load balancer': {
    documents: {
      init,
      cluster: {
        ...cluster,
        controlPlaneEndpoint: 'api.example.com',
        clusterName: 'other',
        certificatesDir: '/opt/pki',
        imageRepository: 'registry.example.com/k8s',
        networking: {
          serviceSubnet: '10.96.0.0/16,fd00:10:96::/112',
          podSubnet: '10.244.0.0/16,fd00:10:244::/56',
          dnsDomain: 'example.internal',
        },
      },
    },
  },
  IPv6: {
    documents: {
      init: { ...init, localAPIEndpoint: { advertiseAddress: '2001:db8::10', bindPort: 7443 } },
      cluster: { ...cluster, networking: { serviceSubnet: 'fd00:10:96::/112', podSubnet: 'fd00:10:244::/56' } },
    },
  },
  'other images of CoreDNS, extra arguments': {
    documents: {
      init,
      cluster: {
        ...cluster,
        dns: { imageRepository: 'registry.example.com/dns', imageTag: 'v9' },
        apiServer: { extraArgs: [{ name: 'v', value: '4' }], certSANs: ['api.example.com'] },
        scheduler: { extraEnvs: [{ name: 'A', value: 'yes' }] },
      },
    },
  },
  'documents for kubelet and kube-proxy': {
    documents: {
      init,
      cluster: { ...cluster, networking: { podSubnet: '10.244.0.0/16' } },
      kubelet: {
        syncFrequency: '90s',
        rotateCertificates: false,
        featureGates: { NodeSwap: true },
        evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '5%' },
        failCgroupV1: false,
        cgroupDriver: 'cgroupfs',
        maxPods: 50,
        podsPerCore: 0,
        runOnce: false,
        imageGCHighThresholdPercent: 0,
        registerWithTaints: [{ key: 'a', effect: 'NoSchedule' }],
        logging: { format: 'json', flushFrequency: '5s' },
        enforceNodeAllocatable: [],
        systemReserved: {},
        clusterDomain: '',
      },
      kubeProxy: {
        mode: 'nftables',
        conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '1h' },
        nodePortAddresses: ['192.0.2.0/24'],
        featureGates: {},
        metricsBindAddress: '0.0.0.0:10249',
        clientConnection: { qps: 5.5 },
      },
    },
  },
  'proxy variables and patches': {
    documents: { init, cluster },
    env: { HTTP_PROXY: 'http://proxy.example.com:3128', no_proxy: '127.0.0.1' },
    patches: {
      'corednsdeployment+strategic.yaml':
        'spec: {template: {spec: {containers: [{name: coredns, resources: {limits: {memory: 300Mi}}}]}}}',
      'corednsdeployment1+json.json': '[{"op": "replace", "path": "/spec/replicas", "value": 3}]',
      'kubeproxydaemonset.yaml': 'spec: {template: {spec: {tolerations: [{key: a, operator: Exists}]}}}',
    },
  },
};

describe('what follows from the configuration is what kubeadm makes of it, for', () => {
  for (const [name, { documents, env = {}, patches }] of Object.entries(cases)) {
    test(name, async () => {
      const config = join(directory, 'config.yaml');
      const patchesDirectory = patches === undefined ? undefined : writePatches(patches);
      writeFileSync(config, configText(documents));
      const loaded = await loadConfig({ host: nodeHost, file: config, flags: {}, rootDir: '/' });
      const ours = await standingObjects({
        config: loaded,
        entry: { server, ca },
        templates: await readAddonTemplates(nodeHost),
        patches: patchesDirectory === undefined ? [] : (await readPatches(nodeHost, patchesDirectory)).patches,
        proxyEnvs: Object.entries(env).map(([name, value]) => ({ name, value })),
      });
      const theirs = await theirObjects(config, env, patchesDirectory);
      assert.deepEqual(byTitle(ours.map(({ object }) => object)), byTitle(theirs));
    });
  }
});

/** All but the Secrets, which are drawn by lot. */
async function theirObjects(
  config: string,
  env: Readonly<Record<string, string>>,
  patchesDirectory: string | undefined,
): Promise<readonly ApiObject[]> {
  const phases = [['upload-config', 'all'], ['bootstrap-token'], ['addon', 'all']];
  // kubeadm init phase addon has no --patches: it reads the directory from the configuration.
  const withPatches = patchesDirectory === undefined ? config : join(directory, 'patched.yaml');
  if (patchesDirectory !== undefined) {
    const patched = { ...init, patches: { directory: patchesDirectory } };
    writeFileSync(withPatches, configText({ init: patched, cluster }));
  }
  const made = [];
  for (const phase of phases) made.push(...(await kubeadmObjects(directory, phase, { config: withPatches, env })));
  return made.filter(({ kind }) => kind !== 'Secret');
}

function writePatches(patches: Readonly<Record<string, string>>): string {
  const made = join(directory, 'patches');
  mkdirSync(made, { recursive: true });
  for (const [name, text] of Object.entries(patches)) writeFileSync(join(made, name), text);
  return made;
}

function byTitle(objects: readonly ApiObject[]): Readonly<Record<string, unknown>> {
  const sorted = objects.toSorted((a, b) => (objectTitle(a) < objectTitle(b) ? -1 : 1));
  return Object.fromEntries(sorted.map((object) => [objectTitle(object), plainObject(object)]));
}
