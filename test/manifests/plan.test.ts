import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planManifest } from '../../src/manifests/plan.ts';
import { type RenderedManifest, renderManifests } from '../../src/manifests/render.ts';
import { manifestInput } from '../fakes/manifest-builders.ts';

async function scheduler(): Promise<RenderedManifest> {
  const [manifest] = await renderManifests(await manifestInput(), ['kube-scheduler']);
  assert.ok(manifest);
  return manifest;
}

describe('a manifest', () => {
  test('is created where there is none', async () => {
    const manifest = await scheduler();
    assert.deepEqual(planManifest(manifest, undefined), { manifest, action: 'create', because: 'not there yet' });
  });

  test('is kept when it is the same', async () => {
    const manifest = await scheduler();
    assert.equal(planManifest(manifest, manifest.text).action, 'keep');
  });

  test('is kept when only its formatting differs', async () => {
    const manifest = await scheduler();
    const { action, because } = planManifest(manifest, `# by hand\n${manifest.text.replace(/^spec:$/m, 'spec: ')}`);
    assert.deepEqual([action, because], ['keep', 'as configured, but for its formatting']);
  });

  test('is updated for flags that differ, each by its name', async () => {
    const manifest = await scheduler();
    const old = manifest.text.replace('--leader-elect=true', '--leader-elect=false\n    - --v=2');
    const plan = planManifest(manifest, old);
    assert.deepEqual([plan.action, plan.because], ['update', '--leader-elect: false → true; --v=2 removed']);
  });

  test('is updated for other fields that differ, the first few named', async () => {
    const manifest = await scheduler();
    const old = manifest.text
      .replace(/v1\.37\.2/, 'v1.36.0')
      .replace('cpu: 100m', 'cpu: 200m')
      .replace('  hostNetwork: true\n', '');
    assert.equal(
      planManifest(manifest, old).because,
      'spec.containers.kube-scheduler.image: registry.k8s.io/kube-scheduler:v1.36.0 → ' +
        'registry.k8s.io/kube-scheduler:v1.37.2; ' +
        'spec.containers.kube-scheduler.resources.requests.cpu: 200m → 100m; spec.hostNetwork added',
    );
  });

  test('is updated when the file cannot be read', async () => {
    const plan = planManifest(await scheduler(), 'a: [');
    assert.deepEqual([plan.action, plan.because], ['update', 'the file is no single YAML document']);
  });
});
