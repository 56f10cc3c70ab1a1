import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { corednsObjects, kubeProxyObjects } from '../../src/cluster/addons.ts';
import { readClusterEntry, standingObjects } from '../../src/cluster/standing-objects.ts';
import type { ApiObject } from '../../src/cluster/wanted-object.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { buildKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import type { Patch } from '../../src/manifests/patches.ts';
import { readAddonTemplates } from '../../src/manifests/templates.ts';
import { aConfig } from '../fakes/builders.ts';
import { aHost } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'addons-'));
after(() => rmSync(directory, { recursive: true }));

async function anInput(change: { templates?: string; patches?: readonly Patch[] } = {}) {
  const templates = await readAddonTemplates(nodeHost, change.templates);
  return { config: aConfig(), templates, patches: change.patches ?? [], proxyEnvs: [] };
}

const ours = readFileSync('templates/addons/coredns.yaml.hbs', 'utf8');

function replaced(change: (text: string) => string, below = 'addons'): string {
  mkdirSync(join(directory, below), { recursive: true });
  writeFileSync(join(directory, below, 'coredns.yaml.hbs'), change(ours));
  return directory;
}

const deployment = (objects: readonly ApiObject[]) => objects.find(({ kind }) => kind === 'Deployment');

describe('the template of an addon', () => {
  test('can be replaced by a file of --templates, also one that lies in it directly', async () => {
    const templates = replaced((text) => text.replace('replicas: 2', 'replicas: 7'));
    assert.match(JSON.stringify(deployment(await corednsObjects(await anInput({ templates })))), /"replicas":7/);
    rmSync(join(directory, 'addons'), { recursive: true });
    replaced((text) => text.replace('replicas: 2', 'replicas: 8'), '.');
    assert.match(JSON.stringify(deployment(await corednsObjects(await anInput({ templates })))), /"replicas":8/);
    rmSync(join(directory, 'coredns.yaml.hbs'));
  });

  test('is refused with file and line for a name that there is not', async () => {
    const templates = replaced((text) => text.replace('{{image}}', '{{picture}}'));
    const line = ours.split('\n').findIndex((text) => text.includes('{{image}}')) + 1;
    await assert.rejects(
      async () => corednsObjects(await anInput({ templates })),
      new RegExp(`coredns\\.yaml\\.hbs:${line}: "picture" not defined`),
    );
  });

  test('is refused when it makes no YAML, or something that is no object', async () => {
    const broken = replaced((text) => text.replace('kind: Service\n', 'kind: [\n'));
    await assert.rejects(async () => corednsObjects(await anInput({ templates: broken })), /makes no valid YAML/);
    const nameless = replaced((text) => text.replace('  name: coredns\n', '  title: coredns\n'));
    await assert.rejects(async () => corednsObjects(await anInput({ templates: nameless })), /document 1 has no/);
  });
});

test('a patch that leaves no object is refused', async () => {
  const value = { metadata: { name: null } };
  const patch: Patch = { target: 'corednsdeployment', type: 'merge', file: 'p.yaml', value };
  await assert.rejects(async () => corednsObjects(await anInput({ patches: [patch] })), /corednsdeployment leave no/);
});

test('what the user disables is not wanted', async () => {
  const input = { ...(await anInput()), entry: { server: 'https://192.0.2.10:6443', ca: '' } };
  const phases = async (dns: boolean, proxy: boolean) => {
    const { cluster } = input.config;
    const disabled = { ...cluster, dns: { ...cluster.dns, disabled: dns }, proxy: { disabled: proxy } };
    const objects = await standingObjects({ ...input, config: { ...input.config, cluster: disabled } });
    return new Set(objects.map(({ phase }) => phase).filter((phase) => phase.startsWith('addon')));
  };
  assert.deepEqual(await phases(false, false), new Set(['addon/coredns', 'addon/kube-proxy']));
  assert.deepEqual(await phases(true, false), new Set(['addon/kube-proxy']));
  assert.deepEqual(await phases(true, true), new Set());
});

test('cluster-info says what the configuration says, whatever somebody has written into admin.conf', async () => {
  const edited = buildKubeconfig({
    ...{ clusterName: 'kubernetes', user: 'kubernetes-admin', ca: '', credentials: { token: 't' } },
    server: 'https://192.0.2.1:1',
  });
  const host = aHost(new MemoryHost({ '/etc/kubernetes/admin.conf': edited }));
  const entry = await readClusterEntry(host, { config: aConfig(), paths: pathsOf('/') });
  assert.deepEqual(entry, { server: 'https://192.0.2.10:6443', ca: '' });
});

test('kube-proxy reaches the API server where everybody does', async () => {
  const input = await anInput();
  const cluster = { ...input.config.cluster, controlPlaneEndpoint: 'api.example.com:443' };
  const objects = await kubeProxyObjects({ ...input, config: { ...input.config, cluster } });
  assert.match(JSON.stringify(objects), /server: https:\/\/api\.example\.com:443/);
});
