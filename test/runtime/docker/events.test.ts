import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import type { ContainerRuntime, RuntimeEvent } from '../../../src/runtime/runtime.ts';
import { FakeDockerEngine } from '../../fakes/docker-engine.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { until } from '../../fakes/until.ts';

const pod = { 'io.kubernetes.pod.name': 'web', 'io.kubernetes.pod.namespace': 'default', 'io.kubernetes.pod.uid': 'u' };

function anEvent(action: string, timeNano: number) {
  const Attributes = { ...pod, 'io.kubernetes.container.name': 'app' };
  return {
    Type: 'container',
    Action: action,
    Actor: { ID: 'c1', Attributes },
    time: Math.floor(timeNano / 1e9),
    timeNano,
  };
}

describe('the docker runtime and', () => {
  let engine: FakeDockerEngine;
  let clock: FakeClock;
  let runtime: ContainerRuntime;

  beforeEach(async () => {
    engine = await new FakeDockerEngine().start();
    clock = new FakeClock();
    runtime = createDockerRuntime({
      host: nodeHost,
      clock,
      log: recordingLog(),
      owner: 'root-1',
      socketPath: engine.socketPath,
    });
  });
  afterEach(async () => {
    await runtime.close();
    await engine.stop();
  });

  describe('events', () => {
    let seen: RuntimeEvent[];
    let stop: AbortController;
    let reading: Promise<void>;

    beforeEach(() => {
      seen = [];
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort();
      await reading;
    });
    const read = async () => {
      for await (const event of runtime.events(stop.signal)) seen.push(event);
    };
    const hints = () => seen.map(({ pod: who, what }) => (who === undefined ? '*' : what));

    it('begin with the hint to look at everything, and name the pod from then on', async () => {
      engine.on('GET', /events$/, { lines: [], stayOpen: true });
      reading = read();
      await until(() => seen.length === 1);
      engine.send(anEvent('die', 1e18));
      await until(() => seen.length === 2);
      assert.deepEqual(seen[1], { what: 'die app', pod: { name: 'web', namespace: 'default', uid: 'u' } });
      const filters = JSON.parse(engine.requests[0]?.query.get('filters') ?? '');
      assert.deepEqual(filters.label, ['kube-bootstrap/owner=root-1']);
      assert.ok(!filters.event.some((name: string) => name.startsWith('exec')));
    });

    it('survive the death of the engine: they go on where they were, and hint at everything first', async () => {
      engine.on('GET', /events$/, { lines: [], stayOpen: true });
      reading = read();
      await until(() => seen.length === 1);
      engine.send(anEvent('start', 1_700_000_000_000_000_000));
      await until(() => seen.length === 2);
      await engine.die();
      await clock.advance(100);
      const repeated = anEvent('start', 1_700_000_000_000_000_000);
      engine.on('GET', /events$/, { lines: [repeated, anEvent('die', 1_700_000_001_000_000_000)], stayOpen: true });
      await engine.listen();
      for (let turn = 0; turn < 10 && seen.length < 4; turn++) await clock.advance(5000);
      await until(() => seen.length === 4);
      assert.deepEqual(hints(), ['*', 'start app', '*', 'die app']);
      assert.equal(engine.requests.at(-1)?.query.get('since'), '1699999999.999999000');
    });

    it('try again ever more slowly, up to every 5 s, while nothing answers', async () => {
      await engine.die();
      reading = read();
      await clock.advance(60_000);
      assert.deepEqual(seen, []);
      engine.on('GET', /events$/, { lines: [], stayOpen: true });
      await engine.listen();
      await clock.advance(5000);
      await until(() => seen.length === 1);
    });

    it('are asked for again once a minute, since a stream that is cut in silence never ends; nothing else is', async () => {
      engine.on('GET', /events$/, { lines: [], stayOpen: true });
      reading = read();
      await until(() => seen.length === 1);
      await clock.advance(600_000);
      assert.ok(engine.requests.length <= 11, `${engine.requests.length} requests`);
      assert.ok(engine.calls().every((call) => call === 'GET /events'));
    });
  });
});
