import assert from 'node:assert/strict';
import test from 'node:test';
import { LastGoodStore } from '../../../src/agent/source/last-good.ts';
import { ManifestSource, type SourceOptions } from '../../../src/agent/source/manifest-source.ts';
import { webManifest } from '../../fakes/agent-harness.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const dir = '/manifests';
const key = 'default/web-node1';

function aSource(files: Readonly<Record<string, string>> = {}, change: Partial<SourceOptions> = {}) {
  const clock = new FakeClock();
  const host = new MemoryHost({ [`${dir}/.keep`]: '' });
  host.nowMs = clock.now() - 3_600_000;
  for (const [name, text] of Object.entries(files)) host.seed(`${dir}/${name}`, text);
  const changes: string[] = [];
  const log = recordingLog();
  const options: SourceOptions = {
    host,
    clock,
    log,
    path: dir,
    nodeName: 'Node1',
    checkEveryMs: 20_000,
    lastGood: new LastGoodStore(host, '/state/last-good', log),
    onChange: (changed) => void changes.push(changed),
    ...change,
  };
  const again = () => new ManifestSource(options);
  return { clock, host, changes, log, options, source: again(), again };
}

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

test('a file that becomes invalid keeps its last good pod and is reported, until it is valid or gone', async () => {
  const { source, host, clock } = aSource({ 'web.yaml': webManifest() });
  await source.start();
  const before = source.get(key);
  await host.writeFile(`${dir}/web.yaml`, 'kind: Pod\nspec: [');
  await clock.advance(100_000);
  assert.equal(source.get(key), before);
  const [rejected] = source.rejected();
  assert.equal(rejected?.lastGoodRuns, true);
  await host.remove(`${dir}/web.yaml`);
  await clock.advance(0);
  assert.equal(source.get(key), undefined);
  assert.deepEqual(source.rejected(), []);
  await source.stop();
});

test('the last good form holds over a restart of the agent', async () => {
  const { source, host, again } = aSource({ 'web.yaml': webManifest() });
  await source.start();
  const uid = source.get(key)?.uid;
  await source.stop();
  host.seed(`${dir}/web.yaml`, 'nonsense: [');
  const next = again();
  await next.start();
  assert.equal(next.get(key)?.uid, uid);
  assert.equal(next.rejected()[0]?.lastGoodRuns, true);
  await next.stop();
  await host.remove(`${dir}/web.yaml`);
  const third = again();
  await third.start();
  assert.equal(third.get(key), undefined);
  await third.stop();
});

test('a file that never was valid is rejected and runs nothing', async () => {
  const { source } = aSource({ 'web.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n' });
  await source.start();
  assert.equal(source.rejected()[0]?.lastGoodRuns, false);
  assert.deepEqual(source.keys(), []);
  await source.stop();
});

test('a directory that goes away takes no pod with it, not even over a restart', async () => {
  const { source, host, clock, again } = aSource({ 'web.yaml': webManifest() });
  await source.start();
  await host.rename(dir, '/elsewhere');
  await clock.advance(60_000);
  assert.notEqual(source.get(key), undefined);
  await source.stop();
  const next = again();
  await next.start();
  assert.notEqual(next.get(key), undefined);
  await host.rename('/elsewhere', dir);
  await host.remove(`${dir}/web.yaml`);
  await clock.advance(20_000);
  assert.equal(next.get(key), undefined);
  await next.stop();
});

test('an empty directory on another file system than before is taken for an unmounted one', async () => {
  const mounted = { device: 7 };
  const { source, host, clock, options } = aSource({ 'web.yaml': webManifest() });
  await host.remove(`${dir}/.keep`);
  const stat = host.stat.bind(host);
  Object.assign(options.host, {
    stat: async (path: string, how?: { followLinks?: boolean }) => {
      const info = await stat(path, how);
      return info && { ...info, device: mounted.device };
    },
  });
  await source.start();
  mounted.device = 1;
  await host.remove(`${dir}/web.yaml`);
  await clock.advance(20_000);
  assert.notEqual(source.get(key), undefined);
  assert.match(source.rejected()[0]?.reason ?? '', /unmounted/);
  mounted.device = 7;
  host.seed(`${dir}/web.yaml`, webManifest());
  await clock.advance(20_000);
  assert.deepEqual(source.rejected(), []);
  await source.stop();
});

test('of two files for one pod the first stays, also over a restart', async () => {
  const { source, host, clock, again } = aSource({ 'm.yaml': webManifest() });
  await source.start();
  await host.writeFile(`${dir}/a.yaml`, webManifest(['hostname: a']));
  await clock.advance(0);
  assert.equal(source.get(key)?.file, `${dir}/m.yaml`);
  assert.match(source.rejected()[0]?.reason ?? '', /is defined by \/manifests\/m.yaml already/);
  await source.stop();
  const next = again();
  await next.start();
  assert.equal(next.get(key)?.file, `${dir}/m.yaml`);
  await host.remove(`${dir}/m.yaml`);
  await clock.advance(0);
  assert.equal(next.get(key)?.file, `${dir}/a.yaml`);
  await next.stop();
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
