import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import type { Phase } from '../../src/phases/phase.ts';
import { findPhase, runPhases } from '../../src/phases/run.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

type Ctx = { readonly ran: string[]; readonly external?: boolean };

const leaf = (name: string): Phase<Ctx> => ({
  name,
  summary: name,
  run: async ({ ran }) => void ran.push(name),
});

const phases: readonly Phase<Ctx>[] = [
  leaf('first'),
  { ...leaf('both'), phases: [leaf('one'), leaf('two')] },
  {
    name: 'nested',
    summary: 'nested',
    skip: ({ external }) => (external ? 'etcd is external' : undefined),
    phases: [leaf('deep')],
  },
];

async function ranWith(skipPhases: readonly string[], context: Partial<Ctx> = {}) {
  const ran: string[] = [];
  const ended: [string, string | undefined][] = [];
  const workflow = {
    phaseStarted() {},
    phaseEnded: (name: string, { skipped }: { skipped?: string }) => void ended.push([name, skipped]),
  };
  const signal = new AbortController().signal;
  await runPhases(phases, { ran, ...context }, { clock: new FakeClock(), signal, workflow, skipPhases });
  return { ran, ended };
}

test('phases run in the order of the list, a phase with its own run instead of its subphases', async () => {
  assert.deepEqual((await ranWith([])).ran, ['first', 'both', 'deep']);
});

test('a skipped subphase leaves the others of its phase, one by one', async () => {
  assert.deepEqual((await ranWith(['both/one'])).ran, ['first', 'two', 'deep']);
});

test('a phase that has nothing to do says why', async () => {
  const { ran, ended } = await ranWith(['first'], { external: true });
  assert.deepEqual(ran, ['both']);
  assert.deepEqual(ended, [
    ['first', 'asked to skip'],
    ['both', undefined],
    ['nested', 'etcd is external'],
  ]);
});

test('an unknown name among the phases to skip is wrong usage, before anything ran', async () => {
  await assert.rejects(ranWith(['frist']), (thrown: unknown) => {
    assert.ok(thrown instanceof UsageError);
    assert.match(thrown.hint ?? '', /did you mean first/);
    return true;
  });
});

test('a subphase is found by its path, and an unknown one named with what there is', () => {
  assert.equal(findPhase(phases, ['both', 'two']).name, 'two');
  assert.throws(() => findPhase(phases, ['both', 'tow']), /there is no phase "tow"/);
});

test('an interrupted workflow ends between two phases', async () => {
  const ended = new AbortController();
  const ran: string[] = [];
  const stopping: readonly Phase<Ctx>[] = [
    { name: 'a', summary: '', run: async () => ended.abort(new Error('interrupted')) },
    leaf('b'),
  ];
  const workflow = { phaseStarted() {}, phaseEnded() {} };
  const walk = { clock: new FakeClock(), signal: ended.signal, workflow };
  await assert.rejects(runPhases(stopping, { ran }, walk), /interrupted/);
  assert.deepEqual(ran, []);
});
