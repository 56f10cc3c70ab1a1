import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsOf } from '../../src/config/paths.ts';
import type { Host } from '../../src/host/host.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { cniPhase, refuseNetworkMistakes } from '../../src/phases/cni.ts';
import { aHost, anInitContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const file = '/etc/cni/net.d/10-bootstrap.conflist';

/** Files in memory; the package's own templates as they are. */
function hostOf(files: MemoryHost, change: Partial<Host> = {}): Host {
  const host = aHost(files, change);
  const isTemplate = (path: string) => path.includes('/templates/');
  return {
    ...host,
    stat: (path, options) => (isTemplate(path) ? nodeHost.stat(path, options) : host.stat(path, options)),
    readText: (path) => (isTemplate(path) ? nodeHost.readText(path) : host.readText(path)),
  };
}

async function run(files: MemoryHost, change: Parameters<typeof anInitContext>[0] = {}) {
  const context = anInitContext({ cni: 'bridge', host: hostOf(files), ...change });
  await cniPhase.run?.(context);
  return context.items.map(({ item, action, because }) => `${item} ${action}: ${because}`);
}

test('writes a bridge network where there is no network; a second time it keeps it', async () => {
  const files = new MemoryHost();
  const what = 'bridge cni0 for 10.244.0.0/24: podSubnet is not set';
  assert.deepEqual(await run(files), [`10-bootstrap.conflist create: ${what}`]);
  const text = await files.readText(file);
  assert.deepEqual(
    (JSON.parse(text ?? '') as { plugins: { type: string }[] }).plugins.map(({ type }) => type),
    ['bridge', 'portmap', 'firewall'],
  );
  assert.deepEqual(await run(files), [`10-bootstrap.conflist keep: ${what}`]);
  assert.equal(await files.readText(file), text);
});

test('never writes over a network that is there, be it another’s or an older one of ours', async () => {
  for (const name of ['87-podman.conflist', 'a.conf', 'calico.json']) {
    const files = new MemoryHost({ [`/etc/cni/net.d/${name}`]: '{}' });
    assert.deepEqual(await run(files), [`10-bootstrap.conflist keep: there is a network already: ${name}`]);
    assert.equal(await files.readText(file), undefined);
  }
  const edited = new MemoryHost({ [file]: '{"name": "mine"}' });
  assert.match((await run(edited)).join(), /keep: it is another than this configuration makes; remove it/);
  assert.equal(await edited.readText(file), '{"name": "mine"}');
});

test('what is no configuration of CNI is in nobody’s way', async () => {
  const files = new MemoryHost({ '/etc/cni/net.d/README': '', '/etc/cni/net.d/old.conflist.bak': '' });
  assert.match((await run(files)).join(), / create: /);
});

test('one that appears at the last moment is left as it is', async () => {
  const files = new MemoryHost();
  const host = { ...hostOf(files), createFile: async () => false };
  assert.deepEqual(await run(files, { host }), ['10-bootstrap.conflist keep: somebody has just made it']);
});

test('stays below the root directory', async () => {
  const files = new MemoryHost();
  await run(files, { paths: pathsOf('/srv/plane') });
  assert.equal(await files.readText(file), undefined);
  assert.match((await files.readText(`/srv/plane${file}`)) ?? '', /"dataDir": "\/srv\/plane\/var\/lib\/cni\/networks"/);
});

test('without --cni nothing is written, and the phase says so', () => {
  assert.match(cniPhase.skip?.(anInitContext()) ?? '', /--cni bridge would write/);
  assert.equal(cniPhase.skip?.(anInitContext({ cni: 'bridge' })), undefined);
});

test('a mistake in a template is found before anything is written', async () => {
  const files = new MemoryHost({ '/mine/bridge.conflist.hbs': '{{nothing}}' });
  const context = anInitContext({ cni: 'bridge', host: hostOf(files), templatesDirectory: '/mine' });
  await assert.rejects(refuseNetworkMistakes(context), /bridge\.conflist\.hbs/);
  await refuseNetworkMistakes(anInitContext({ templatesDirectory: '/mine', host: hostOf(files) }));
});
