import assert from 'node:assert/strict';
import test from 'node:test';
import { webManifest } from '../../fakes/agent-harness.ts';
import { aSource, manifestDir as dir, webKey as key } from '../../fakes/manifest-source.ts';

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

test('an empty directory that is another one than before is taken for an unmounted one', async () => {
  const { source, host, clock, options, again } = aSource({ 'web.yaml': webManifest() });
  await host.remove(`${dir}/.keep`);
  const below = { device: 7 };
  const stat = host.stat.bind(host);
  Object.assign(options.host, {
    stat: async (path: string, how?: { followLinks?: boolean }) => {
      const info = await stat(path, how);
      return info && { ...info, ...below };
    },
    // What is unmounted tells nothing about its files.
    watch: () => () => {},
  });
  await source.start();
  for (const other of [{ device: 1 }, { device: 7, inode: 4711 }]) {
    Object.assign(below, other);
    await host.remove(`${dir}/web.yaml`);
    await clock.advance(20_000);
    assert.notEqual(source.get(key), undefined);
    assert.match(source.rejected()[0]?.reason ?? '', /unmounted/);
    host.seed(`${dir}/web.yaml`, webManifest());
    await clock.advance(20_000);
    assert.deepEqual(source.rejected(), []);
  }
  await source.stop();
  const next = again();
  await next.start();
  await host.remove(`${dir}/web.yaml`);
  await clock.advance(20_000);
  assert.equal(next.get(key), undefined);
  await next.stop();
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
