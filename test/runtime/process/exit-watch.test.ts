import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExitWatch } from '../../../src/runtime/process/exit-watch.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

function aWatch() {
  const clock = new FakeClock();
  const open: { change(name: string | undefined): void; fail(thrown: unknown): void }[] = [];
  const watch = new ExitWatch(
    {
      makeDirectory: async () => {},
      watch: (_path, change, fail) => {
        const one = { change, fail };
        open.push(one);
        return () => void open.splice(open.indexOf(one), 1);
      },
    },
    clock,
    '/c/exits',
  );
  return { watch, clock, open };
}

test('one watch serves all who listen, and ends with the last', async () => {
  const { watch, open } = aWatch();
  const seen: (string | undefined)[] = [];
  const [first, second] = await Promise.all([watch.listen((id) => seen.push(id)), watch.listen((id) => seen.push(id))]);
  assert.equal(open.length, 1);
  open[0]?.change('abc');
  assert.deepEqual(seen, ['abc', 'abc']);
  first();
  assert.equal(open.length, 1);
  second();
  assert.equal(open.length, 0);
});

test('says nothing of files that are still being written', async () => {
  const { watch, open } = aWatch();
  const seen: (string | undefined)[] = [];
  await watch.listen((id) => seen.push(id));
  open[0]?.change('.abc');
  open[0]?.change(undefined);
  assert.deepEqual(seen, [undefined]);
});

for (const [what, end] of [
  ['fails', (open: ReturnType<typeof aWatch>['open']) => open[0]?.fail(new Error('gone'))],
  ['loses its directory', (open: ReturnType<typeof aWatch>['open']) => open[0]?.change('exits')],
] as const) {
  test(`a watch that ${what} is opened again and then says that anything may have changed`, async () => {
    const { watch, clock, open } = aWatch();
    const seen: (string | undefined)[] = [];
    await watch.listen((id) => seen.push(id));
    end(open);
    assert.equal(open.length, 0);
    await clock.advance(1000);
    assert.equal(open.length, 1);
    assert.deepEqual(seen, [undefined]);
  });
}

test('a waiter does not miss a sign that came before it waited', async () => {
  const { watch, open } = aWatch();
  const waiter = await watch.waiter('abc');
  open[0]?.change('abc');
  let over = false;
  const waited = waiter.next(60_000).then(() => {
    over = true;
  });
  assert.equal(over, false);
  await waited;
  waiter.close();
});
