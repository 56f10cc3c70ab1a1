import assert from 'node:assert/strict';
import test from 'node:test';
import { webManifest } from '../../fakes/agent-harness.ts';
import { aSource, manifestDir as dir, webKey as key } from '../../fakes/manifest-source.ts';

test('reads every file but dotfiles and editors’ leftovers, and names the leftovers once', async () => {
  const { source, log, clock } = aSource({
    web: webManifest(),
    '.hidden.yaml': webManifest().replace('web', 'hidden'),
    'b.yaml~': webManifest().replace('web', 'b'),
    'c.yaml.bak': webManifest().replace('web', 'c'),
  });
  await source.start();
  await clock.advance(60_000);
  assert.deepEqual(source.keys(), [key]);
  assert.equal(log.warnings.filter((line) => line.includes('leftover')).length, 2);
  await source.stop();
});

test('the same content in other words is the same pod', async () => {
  const { source, host, clock, changes } = aSource({ 'web.yaml': webManifest() });
  await source.start();
  const before = source.get(key);
  await host.writeFile(`${dir}/web.yaml`, `# a comment\n${webManifest()}`);
  await clock.advance(0);
  assert.equal(source.get(key), before);
  assert.equal(changes.length, 1);
  await source.stop();
});

test('another content, file or node is another pod', async () => {
  const uids = new Set<string | undefined>();
  const { source } = aSource({ 'web.yaml': webManifest() });
  await source.start();
  uids.add(source.get(key)?.uid);
  const edited = aSource({ 'web.yaml': webManifest(['hostname: x']) });
  await edited.source.start();
  uids.add(edited.source.get(key)?.uid);
  const renamed = aSource({ 'other.yaml': webManifest() });
  await renamed.source.start();
  uids.add(renamed.source.get(key)?.uid);
  const moved = aSource({ 'web.yaml': webManifest() }, { nodeName: 'node2' });
  await moved.source.start();
  uids.add(moved.source.get('default/web-node2')?.uid);
  assert.equal(uids.size, 4);
  for (const used of [source, edited.source, renamed.source, moved.source]) await used.stop();
});

test('a name changed inside a file gives up the old pod', async () => {
  const { source, host, clock, changes } = aSource({ 'web.yaml': webManifest() });
  await source.start();
  changes.length = 0;
  await host.writeFile(`${dir}/web.yaml`, webManifest().replace('name: web', 'name: new'));
  await clock.advance(0);
  assert.deepEqual(source.keys(), ['default/new-node1']);
  assert.deepEqual(changes.sort(), ['default/new-node1', key]);
  await source.stop();
});

test('a file that is written in place counts when it has settled', async () => {
  const { source, host, clock } = aSource();
  await source.start();
  host.nowMs = clock.now();
  await host.writeFile(`${dir}/web.yaml`, webManifest().trimEnd());
  await clock.advance(50);
  assert.deepEqual(source.keys(), []);
  await clock.advance(100);
  assert.deepEqual(source.keys(), [key]);
  await source.stop();
});

test('a directory that comes later is seen within a second', async () => {
  const { source, host, clock } = aSource({}, { path: '/later' });
  await source.start();
  host.seed('/later/web.yaml', webManifest());
  await clock.advance(1000);
  assert.deepEqual(source.keys(), [key]);
  await source.stop();
});

test('one file can be the source, and a change of it is seen', async () => {
  const { source, host, clock } = aSource({ 'web.yaml': webManifest() }, { path: `${dir}/web.yaml` });
  await source.start();
  assert.deepEqual(source.keys(), [key]);
  await host.writeFile(`${dir}/web.yaml`, webManifest(['hostname: x']));
  await clock.advance(0);
  assert.equal(source.get(key)?.pod.spec.hostname, 'x');
  await source.stop();
});

test('a change that no event told is found by the rescan', async () => {
  const { source, host, clock } = aSource({ 'web.yaml': webManifest() });
  await source.start();
  host.seed(`${dir}/web.yaml`, webManifest(['hostname: x']));
  await clock.advance(19_000);
  assert.equal(source.get(key)?.pod.spec.hostname, undefined);
  await clock.advance(1000);
  assert.equal(source.get(key)?.pod.spec.hostname, 'x');
  await source.stop();
});
