import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import type { Config } from '../../src/config/types.ts';
import type { Host } from '../../src/host/host.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { controlPlanePhase } from '../../src/phases/control-plane.ts';
import { etcdPhase } from '../../src/phases/etcd.ts';
import type { Phase, PhaseContext } from '../../src/phases/phase.ts';
import { aConfig } from '../fakes/builders.ts';
import { aClusterConfig } from '../fakes/manifest-builders.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { pkiContext } from '../fakes/pki-context.ts';

const manifests = '/etc/kubernetes/manifests';

/** A context on a disk in memory, with our own templates from the real one. */
function contextOn(disk: MemoryHost, config: Config = aConfig()) {
  const context = pkiContext(disk, { config });
  const templates = resolve('templates');
  const real = (path: string) => path.startsWith(templates);
  const host: Host = {
    ...context.host,
    environment: () => ({}),
    stat: (path, options) => (real(path) ? nodeHost : disk).stat(path, options),
    list: (path) => (real(path) ? nodeHost : disk).list(path),
    readText: (path) => (real(path) ? nodeHost : disk).readText(path),
    writeFile: (path, data, options) => disk.writeFile(path, data, options),
    makeDirectory: (path, options) => disk.makeDirectory(path, options),
  };
  return { ...context, host };
}

async function run(phase: Phase, context: PhaseContext): Promise<void> {
  if (phase.run !== undefined) return phase.run(context);
  for (const sub of phase.phases ?? []) await run(sub, context);
}

async function modeOf(disk: MemoryHost, path: string): Promise<string | undefined> {
  return (await disk.stat(path))?.mode.toString(8);
}

describe('the etcd phase', () => {
  test('makes the data directory and the manifest for the owner alone', async () => {
    const disk = new MemoryHost();
    const context = contextOn(disk);
    await run(etcdPhase, context);
    assert.equal(await modeOf(disk, '/var/lib/etcd'), '700');
    assert.equal(await modeOf(disk, manifests), '700');
    assert.equal(await modeOf(disk, `${manifests}/etcd.yaml`), '600');
    assert.deepEqual(context.items, [{ item: 'etcd.yaml', action: 'create', because: 'not there yet' }]);
  });

  test('has nothing to do for an external etcd, and says so', () => {
    const external = { endpoints: [], httpEndpoints: [], caFile: '', certFile: '', keyFile: '' };
    const context = contextOn(new MemoryHost(), aClusterConfig({ etcd: { external } }));
    assert.equal(etcdPhase.skip?.(context), 'etcd is external');
    assert.equal(etcdPhase.phases?.[0]?.skip?.(context), 'etcd is external');
  });
});

describe('the control-plane phase', () => {
  test('writes the three manifests, and none again when nothing changed', async () => {
    const disk = new MemoryHost();
    await run(controlPlanePhase, contextOn(disk));
    const before = disk.mutations.length;
    const again = contextOn(disk);
    await run(controlPlanePhase, again);
    assert.deepEqual(await disk.list(manifests), [
      'kube-apiserver.yaml',
      'kube-controller-manager.yaml',
      'kube-scheduler.yaml',
    ]);
    assert.deepEqual(
      again.items.map(({ item, action, because }) => [item, action, because]),
      [
        ['kube-apiserver.yaml', 'keep', 'as configured'],
        ['kube-controller-manager.yaml', 'keep', 'as configured'],
        ['kube-scheduler.yaml', 'keep', 'as configured'],
      ],
    );
    assert.ok(!disk.mutations.slice(before).some(({ operation }) => operation === 'writeFile'));
  });

  test('rewrites only the manifest that differs, and says in which flag', async () => {
    const disk = new MemoryHost();
    await run(controlPlanePhase, contextOn(disk));
    const scheduler = { extraArgs: [{ name: 'v', value: '4' }], extraVolumes: [], extraEnvs: [] };
    const context = contextOn(disk, aClusterConfig({ scheduler }));
    await run(controlPlanePhase, context);
    assert.deepEqual(
      context.items.map(({ action, because }) => [action, because]),
      [
        ['keep', 'as configured'],
        ['keep', 'as configured'],
        ['update', '--v=4 added'],
      ],
    );
  });

  test('does for one component what its subphase is named for', async () => {
    const disk = new MemoryHost();
    const subphase = controlPlanePhase.phases?.find(({ name }) => name === 'scheduler');
    assert.ok(subphase);
    await run(subphase, contextOn(disk));
    assert.deepEqual(await disk.list(manifests), ['kube-scheduler.yaml']);
  });

  test('writes nothing when one manifest cannot be made', async () => {
    const disk = new MemoryHost({ '/patches/kube-scheduler+json.yaml': '[{op: remove, path: /nothing}]' });
    const config = aConfig((base) => ({ ...base, init: { ...base.init, patchesDirectory: '/patches' } }));
    await assert.rejects(run(controlPlanePhase, contextOn(disk, config)), (thrown) => {
      assert.ok(thrown instanceof UsageError);
      assert.match(thrown.message, /kube-scheduler\+json\.yaml: the json patch cannot be applied/);
      return true;
    });
    assert.equal(await disk.stat(manifests), undefined);
  });

  test('takes templates from the given directory and warns of what it does not know', async () => {
    const disk = new MemoryHost({ '/templates/manifests/kube-dns.yaml.hbs': '' });
    const context = { ...contextOn(disk), templatesDirectory: '/templates' };
    await run(controlPlanePhase, context);
    assert.match(context.warnings.join('\n'), /kube-dns\.yaml\.hbs overrides nothing/);
  });
});
