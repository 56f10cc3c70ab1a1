import assert from 'node:assert/strict';
import test from 'node:test';
import type { DesiredPod } from '../../../src/agent/desired.ts';
import { combineSources, type PodSource } from '../../../src/agent/source/pod-source.ts';
import { aPod } from '../../fakes/agent-builders.ts';

/** A source whose pods a test sets. */
function aSource() {
  const pods = new Map<string, DesiredPod>();
  let tell = (_key: string) => {};
  const make = (onChange: (key: string) => void): PodSource => {
    tell = onChange;
    return {
      start: async () => {},
      look: async () => {},
      stop: async () => {},
      get: (key) => pods.get(key),
      keys: () => [...pods.keys()],
      rejected: () => [],
    };
  };
  const set = (key: string, file: string | undefined) => {
    if (file === undefined) pods.delete(key);
    else pods.set(key, { pod: aPod(), uid: file, hash: file, file });
    tell(key);
  };
  return { make, set };
}

test('a pod that two sources define stays with the first until that one gives it up', () => {
  const files = aSource();
  const fetched = aSource();
  const changes: string[] = [];
  const all = combineSources([files.make, fetched.make], (key) => void changes.push(key));
  fetched.set('default/web', 'http://x');
  assert.equal(all.get('default/web')?.file, 'http://x');
  files.set('default/web', '/m/web.yaml');
  assert.equal(all.get('default/web')?.file, 'http://x');
  assert.deepEqual(all.rejected(), [
    { file: '/m/web.yaml', reason: 'default/web is defined by http://x already', lastGoodRuns: false },
  ]);
  assert.deepEqual(all.keys(), ['default/web']);
  fetched.set('default/web', undefined);
  assert.equal(all.get('default/web')?.file, '/m/web.yaml');
  assert.deepEqual(all.rejected(), []);
  files.set('default/web', undefined);
  assert.equal(all.get('default/web'), undefined);
  assert.equal(changes.length, 4);
});

test('no source at all is a source of nothing', async () => {
  const none = combineSources([], () => {});
  await none.start();
  assert.deepEqual([none.keys(), none.rejected(), none.get('a/b')], [[], [], undefined]);
  await none.stop();
});
