import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { LastGoodStore } from '../../../src/agent/source/last-good.ts';
import { linkHops } from '../../../src/agent/source/link-targets.ts';
import { ManifestSource, type SourceOptions } from '../../../src/agent/source/manifest-source.ts';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { webManifest } from '../../fakes/agent-harness.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const key = 'default/web-node1';
/** Time goes by, and no timer ever ends: what happens is the events' doing. */
const noTimers: Clock = { now: () => Date.now(), ticks: () => performance.now(), after: () => () => {} };

function aSource(change: Partial<SourceOptions> & Pick<SourceOptions, 'host' | 'path'>) {
  const log = recordingLog();
  const told: string[] = [];
  let next = Promise.withResolvers<string>();
  const options: SourceOptions = {
    clock: noTimers,
    log,
    nodeName: 'node1',
    checkEveryMs: 20_000,
    lastGood: new LastGoodStore(new MemoryHost(), '/state', log),
    onChange: (changed) => {
      told.push(changed);
      next.resolve(changed);
      next = Promise.withResolvers();
    },
    ...change,
  };
  return { source: new ManifestSource(options), log, told, next: () => next.promise };
}

function aDirectory(t: TestContext): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'manifests-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

test('a file that is moved into place counts at once, whatever its end; each of many touches changes nothing', async (t) => {
  const path = aDirectory(t);
  const { source, told, next } = aSource({ host: nodeHost, path });
  await source.start();
  for (const host of ['one', 'two']) {
    const changed = next();
    fs.writeFileSync(join(path, '.new'), webManifest([`hostname: ${host}`]).trimEnd());
    fs.renameSync(join(path, '.new'), join(path, 'web.yaml'));
    assert.equal(await changed, key);
    assert.equal(source.get(key)?.pod.spec.hostname, host);
  }
  for (let touch = 0; touch < 500; touch++) fs.utimesSync(join(path, 'web.yaml'), new Date(), new Date());
  await source.look();
  assert.equal(told.length, 2);
  await source.stop();
});

test('a target that is replaced elsewhere counts at once, by way of any number of links', async (t) => {
  const root = aDirectory(t);
  const path = join(root, 'manifests');
  for (const name of ['manifests', 'one', 'two']) fs.mkdirSync(join(root, name));
  fs.writeFileSync(join(root, 'one/web.yaml'), webManifest(['hostname: one']));
  fs.writeFileSync(join(root, 'two/web.yaml'), webManifest(['hostname: two']));
  fs.symlinkSync('one', join(root, 'current'));
  fs.symlinkSync(join(root, 'current/web.yaml'), join(path, 'web.yaml'));
  const { source, next } = aSource({ host: nodeHost, path });
  await source.start();
  assert.equal(source.get(key)?.pod.spec.hostname, 'one');
  const swapped = next();
  fs.symlinkSync('two', join(root, 'next'));
  fs.renameSync(join(root, 'next'), join(root, 'current'));
  await swapped;
  assert.equal(source.get(key)?.pod.spec.hostname, 'two');
  const replaced = next();
  fs.writeFileSync(join(root, 'two/.new'), webManifest(['hostname: three']));
  fs.renameSync(join(root, 'two/.new'), join(root, 'two/web.yaml'));
  await replaced;
  assert.equal(source.get(key)?.pod.spec.hostname, 'three');
  await source.stop();
});

test('files removed with their directory take their pods with them, though another directory is there by then', async (t) => {
  const root = aDirectory(t);
  const path = join(root, 'manifests');
  fs.mkdirSync(path);
  fs.writeFileSync(join(path, 'web.yaml'), webManifest());
  const { source, next } = aSource({ host: nodeHost, path, clock: systemClock });
  await source.start();
  const gone = next();
  fs.rmSync(path, { recursive: true });
  fs.mkdirSync(path);
  await source.look();
  await gone;
  assert.equal(source.get(key), undefined);
  await source.stop();
});

test('a new file that was written to where it is waits until it has settled', async () => {
  const clock = new FakeClock();
  const host = new MemoryHost({ '/m/.keep': '' });
  let tell = (_name: string, _event: 'rename' | 'change') => {};
  const watch: SourceOptions['host']['watch'] = (_path, onChange) => {
    tell = onChange;
    return () => {};
  };
  const options = { host: Object.assign(host, { watch }), path: '/m', clock };
  const { source } = aSource(options);
  await source.start();
  host.nowMs = clock.now();
  host.seed('/m/web.yaml', webManifest());
  tell('web.yaml', 'rename');
  tell('web.yaml', 'change');
  await clock.advance(99);
  assert.deepEqual(source.keys(), []);
  await clock.advance(1);
  assert.deepEqual(source.keys(), [key]);
  await source.stop();
});

test('without inotify (its limit is reached) the rescan sees everything, and that is said once', async () => {
  const clock = new FakeClock();
  const host = new MemoryHost({ '/m/.keep': '' });
  const watch = () => {
    throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), { code: 'ENOSPC' });
  };
  const { source, log } = aSource({ host: Object.assign(host, { watch }), path: '/m', clock });
  await source.start();
  host.nowMs = clock.now() - 1000;
  host.seed('/m/web.yaml', webManifest());
  await clock.advance(20_000);
  assert.deepEqual(source.keys(), [key]);
  await clock.advance(100_000);
  assert.equal(log.warnings.filter((line) => line.includes('only read at times')).length, 1);
  await source.stop();
});

test('a source that is one file: removed, its pod goes', async (t) => {
  const directory = aDirectory(t);
  const path = join(directory, 'web.yaml');
  fs.writeFileSync(path, webManifest());
  const { source, next } = aSource({ host: nodeHost, path, clock: systemClock });
  await source.start();
  assert.deepEqual(source.keys(), [key]);
  const gone = next();
  fs.rmSync(path);
  await gone;
  assert.deepEqual(source.keys(), []);
  await source.stop();
});

test('a path that is a pipe is refused without being opened', async (t) => {
  const path = join(aDirectory(t), 'pipe');
  await nodeHost.run('mkfifo', [path]);
  const { source, log } = aSource({ host: nodeHost, path });
  await source.start();
  assert.match(log.warnings.join(), /is a fifo/);
  await source.stop();
});

test('a circle of links ends', async () => {
  const host = new MemoryHost({ '/m/.keep': '' });
  await host.makeSymlink('b', '/m/a');
  await host.makeSymlink('a', '/m/b');
  assert.ok((await linkHops(host, '/m/a')).length < 300);
  assert.deepEqual(await linkHops(host, '/m/.keep'), []);
});

test('a file that an editor moves away and writes anew is edited, not removed', async (t) => {
  const path = aDirectory(t);
  const file = join(path, 'web.yaml');
  fs.writeFileSync(file, webManifest());
  // Timers end, and no time goes by until the test says so: however slow the machine is, the editor is fast.
  let nowMs = Date.now() + 1000;
  const { source, told, next } = aSource({ host: nodeHost, path, clock: { ...systemClock, now: () => nowMs } });
  await source.start();
  const first = source.get(key);
  fs.renameSync(file, `${file}~`);
  await source.look();
  assert.equal(source.get(key), first);
  fs.writeFileSync(file, webManifest());
  fs.rmSync(`${file}~`);
  await source.look();
  const gone = next();
  assert.equal(source.get(key), first);
  assert.deepEqual(told, [key]);
  fs.rmSync(file);
  await source.look();
  nowMs += 1000;
  await gone;
  assert.equal(source.get(key), undefined);
  await source.stop();
});
