import assert from 'node:assert/strict';
import test from 'node:test';
import { StopsUnderWay } from '../../../src/agent/turn/stops-under-way.ts';
import { AgentHarness, webManifest } from '../../fakes/agent-harness.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

function aStorm() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const stops = new StopsUnderWay(clock, (key) => asked.push(key));
  const begin = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ended = stops.during(() => promise);
    return () => {
      resolve();
      return ended;
    };
  };
  return { clock, asked, stops, begin };
}

test('nobody is held up while nothing is being stopped', () => {
  const { stops } = aStorm();
  assert.equal(stops.holdsUp('a'), false);
});

test('who is held up is looked at again when the last stop has ended, and passes then', async () => {
  const { asked, stops, begin } = aStorm();
  const [endFirst, endSecond] = [begin(), begin()];
  assert.equal(stops.holdsUp('a'), true);
  await endFirst();
  assert.deepEqual(asked, []);
  await endSecond();
  assert.deepEqual(asked, ['a']);
  assert.equal(stops.holdsUp('a'), false);
});

test('a stop that takes long holds nobody up for longer than half a second', async () => {
  const { clock, asked, stops, begin } = aStorm();
  begin();
  assert.equal(stops.holdsUp('a'), true);
  await clock.advance(499);
  assert.deepEqual(asked, []);
  await clock.advance(1);
  assert.deepEqual(asked, ['a']);
  assert.equal(stops.holdsUp('b'), false);
});

test('stops without end hold nobody up for longer than five seconds', async () => {
  const { clock, asked, stops, begin } = aStorm();
  begin();
  assert.equal(stops.holdsUp('a'), true);
  for (let ms = 0; ms < 5000; ms += 250) {
    begin();
    await clock.advance(250);
  }
  assert.deepEqual(asked, ['a']);
});

test('a pod that has stopped is cleared away after those that still stop', async () => {
  const harness = new AgentHarness();
  for (const [name, stopsAfterMs] of [
    ['quick', 100],
    ['slow', 400],
  ] as const) {
    harness.runtime.behave(name, { stopsAfterMs });
    const text = webManifest().replaceAll('name: web', `name: ${name}`).replaceAll('name: app', `name: ${name}`);
    await harness.write(`${name}.yaml`, text);
  }
  await harness.start();
  const before = harness.runtime.calls.length;
  await Promise.all([harness.remove('quick.yaml'), harness.remove('slow.yaml')]);
  await harness.advance(1000);
  const order = harness.runtime.mutations(before).map((call) => call.split(' ')[0]);
  assert.ok(order.indexOf('removeContainer') > order.lastIndexOf('stopSandbox'), order.join());
  assert.equal(harness.runtime.containers.size + harness.runtime.sandboxes.size, 0);
  await harness.stop();
});
