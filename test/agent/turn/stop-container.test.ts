import assert from 'node:assert/strict';
import test from 'node:test';
import { PodStates } from '../../../src/agent/state/pod-states.ts';
import { type Stop, stopContainers } from '../../../src/agent/turn/stop-container.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Host } from '../../../src/host/host.ts';
import { annotations } from '../../../src/runtime/labels.ts';
import { anObserved } from '../../fakes/agent-builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const sleepHook = (seconds: number) => ({ [annotations.preStopHandler]: JSON.stringify({ sleep: { seconds } }) });

function make(stops: Readonly<Record<string, number>>) {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  const host = new MemoryHost() as unknown as Host;
  const states = new PodStates({ host, clock, log: silentLog, dir: '/state' });
  const begun = clock.now();
  const stop = (name: string, change: Partial<Stop> = {}, hook = {}): Stop => {
    runtime.behave(name, { stopsAfterMs: (stops[name] ?? 0) * 1000 });
    const container = anObserved({ name, annotations: hook });
    runtime.containers.set(container.id, container);
    return { container, graceSeconds: 20, order: 0, address: '127.0.0.1', ...change };
  };
  const run = async (...all: readonly Stop[]) => {
    const doors = { host, runtime, clock, log: silentLog, states };
    const done = stopContainers(doors, all);
    await clock.advance(120_000);
    await done;
    return runtime.calls
      .filter(({ method }) => method === 'stopContainer')
      .map(({ target, detail, atMs }) => [target.split('/')[1], (atMs - begun) / 1000, detail]);
  };
  return { clock, states, stop, run };
}

test('the time of the preStop hook is part of the grace period; the signal gets 2 s at least', async () => {
  const { stop, run } = make({});
  const all = [stop('quick', {}, sleepHook(5)), stop('long', {}, sleepHook(60)), stop('none')];
  assert.deepEqual(await run(...all), [
    ['none', 0, 20],
    ['quick', 5, 15],
    ['long', 20, 2],
  ]);
});

test('sidecars get their signal when the containers before them have ended, the last one first', async () => {
  const { stop, run } = make({ app: 3, side2: 2, side1: 1 });
  const all = [stop('app'), stop('side2', { order: 1 }), stop('side1', { order: 2 })];
  assert.deepEqual(await run(...all), [
    ['app', 0, 20],
    ['side2', 3, 17],
    ['side1', 5, 15],
  ]);
});

test('a container that does not end holds the next ones no longer than the grace period', async () => {
  const { stop, run } = make({ app: 100 });
  assert.deepEqual(await run(stop('app'), stop('side', { order: 1 })), [
    ['app', 0, 20],
    ['side', 20, 2],
  ]);
});

test('a grace period of nothing runs no hook', async () => {
  const { stop, run } = make({});
  assert.deepEqual(await run(stop('app', { graceSeconds: 0 }, sleepHook(5))), [['app', 0, 2]]);
});

test('what was begun before goes on: its time counts, and a hook that ended is not run again', async () => {
  const { clock, states, stop, run } = make({});
  const again = stop('app', {}, sleepHook(5));
  const sinceMs = clock.now() - 8000;
  const { uid } = again.container.pod;
  states.update(uid, (state) => ({
    ...state,
    containers: { [again.container.id]: { stop: { sinceMs, signalled: true, restart: 'back-off' } } },
  }));
  assert.deepEqual(await run(again), [['app', 0, 12]]);
  assert.equal(states.get(uid).containers[again.container.id]?.stop?.restart, 'back-off');
});

test('a clock that is set while a container stops changes nothing', async () => {
  const { clock, stop, run } = make({});
  const all = [stop('app', {}, sleepHook(5))];
  clock.after(1000, () => clock.set(clock.now() + 3_600_000));
  const calls = await run(...all);
  assert.equal(calls[0]?.[2], 15);
});
