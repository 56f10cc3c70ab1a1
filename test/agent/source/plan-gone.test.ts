import assert from 'node:assert/strict';
import test from 'node:test';
import { goneSettleMs } from '../../../src/agent/source/manifest-entries.ts';
import { type GoneInput, planGone } from '../../../src/agent/source/plan-gone.ts';

const place = { device: 1, inode: 2 };
const aCase = (change: Partial<GoneInput> = {}): GoneInput => ({
  known: ['/m/a.yaml', '/m/b.yaml'].map((file) => ({ file, place })),
  there: new Set(['/m/a.yaml']),
  directory: { ...place, path: '/m', empty: false },
  told: () => false,
  settlesInMs: () => 0,
  directoryAgeMs: 60_000,
  ...change,
});

test('a file that is no more in the same directory is gone', () => {
  assert.deepEqual(planGone(aCase()), { gone: ['/m/b.yaml'], kept: [] });
  const empty = aCase({ there: new Set(), directory: { ...place, path: '/m', empty: true } });
  assert.deepEqual(planGone(empty).gone, ['/m/a.yaml', '/m/b.yaml']);
});

test('nothing is gone from an empty directory of another device or inode, unless its removal was told', () => {
  for (const other of [{ device: 9 }, { inode: 9 }]) {
    const input = aCase({ there: new Set(), directory: { ...place, ...other, path: '/m', empty: true } });
    const plan = planGone(input);
    assert.deepEqual(plan.gone, []);
    assert.match(plan.kept[0]?.reason ?? '', /\/m is empty and another directory than before/);
    assert.deepEqual(planGone({ ...input, told: (name) => name === 'b.yaml' }).gone, ['/m/b.yaml']);
  }
});

test('a directory put in place of another has two seconds to be filled, then what it lacks is gone', () => {
  const directory = { device: 1, inode: 9, path: '/m', empty: false };
  const early = planGone(aCase({ directory, directoryAgeMs: 500 }));
  assert.deepEqual(early.gone, []);
  assert.equal(early.againMs, 1500);
  assert.deepEqual(planGone(aCase({ directory, directoryAgeMs: 2000 })).gone, ['/m/b.yaml']);
});

test('a place kept by an earlier version without an inode is known by its device', () => {
  const known = [{ file: '/m/b.yaml', place: { device: 1, inode: 0 } }];
  const directory = { device: 1, inode: 9, path: '/m', empty: true };
  assert.deepEqual(planGone(aCase({ known, directory })).gone, ['/m/b.yaml']);
});

test('a removal that may be half of an edit is waited for', () => {
  const plan = planGone(aCase({ settlesInMs: () => 60 }));
  assert.deepEqual(plan, { gone: [], kept: [], againMs: 60 });
});

test('one file alone is waited for longer, as an editor would have it, than several that go at once', () => {
  const settlesInMs = (_file: string, missing: number) => goneSettleMs(missing);
  assert.equal(planGone(aCase({ settlesInMs })).againMs, 100);
  assert.equal(planGone(aCase({ settlesInMs, there: new Set() })).againMs, 20);
});
