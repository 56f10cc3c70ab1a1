import assert from 'node:assert/strict';
import test from 'node:test';
import { assignHolders } from '../../../src/agent/source/holders.ts';
import { aPod } from '../../fakes/agent-builders.ts';

const candidate = (file: string, name: string, uid: string) => ({
  pod: aPod({}, { name, uid }),
  uid,
  hash: uid,
  file,
});

test('of two pods of one name the one that was there stays, else the first file', () => {
  const two = [candidate('/m/a', 'web', '1'), candidate('/m/b', 'web', '2')];
  const fresh = assignHolders(two, new Map());
  assert.deepEqual(
    [...fresh.held.values()].map(({ file }) => file),
    ['/m/a'],
  );
  const [key = ''] = fresh.held.keys();
  const kept = assignHolders(two, new Map([[key, { file: '/m/b' }]]));
  assert.equal(kept.held.get(key)?.file, '/m/b');
  assert.match(kept.losers.get('/m/a') ?? '', /is defined by \/m\/b already/);
});

test('two pods with one explicit UID: the one that was there stays, the other is named', () => {
  const two = [candidate('/m/a', 'one', 'same'), candidate('/m/b', 'two', 'same')];
  const fresh = assignHolders(two, new Map());
  assert.match(fresh.losers.get('/m/b') ?? '', /metadata\.uid same is that of \S+one\S* in \/m\/a/);
  const before = assignHolders(two.slice(1), new Map()).held;
  const kept = assignHolders(two, before);
  assert.deepEqual(
    [...kept.held.values()].map(({ file }) => file),
    ['/m/b'],
  );
});
