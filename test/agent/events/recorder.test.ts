import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubeClient } from '../../../src/kube/client.ts';
import { refusal } from '../../fakes/api-errors.ts';
import { anEvent, RecorderHarness } from '../../fakes/recorder-harness.ts';

function aRecorder(t: TestContext): RecorderHarness {
  const harness = new RecorderHarness();
  t.after(() => harness.stop());
  return harness;
}

test('an event is stored as the kubelet’s: about the pod by the hash of its manifest, from the kubelet on this node', async (t) => {
  const harness = aRecorder(t);
  harness.start();
  harness.recorder.record(anEvent());
  await harness.clock.advance(0);
  const [event] = harness.events();
  assert.match(String(event?.metadata.name), /^web-node1\.[0-9a-f]{16}$/);
  assert.deepEqual(
    { ...event, metadata: undefined },
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: undefined,
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: 'default',
        name: 'web-node1',
        uid: 'hash1',
        fieldPath: 'spec.containers{app}',
      },
      type: 'Normal',
      reason: 'Started',
      message: 'Container started',
      source: { component: 'kubelet', host: 'node1' },
      reportingComponent: 'kubelet',
      reportingInstance: 'node1',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    },
  );
});

test('equal events are one that counts', async (t) => {
  const harness = aRecorder(t);
  harness.start();
  for (let times = 0; times < 5; times++) {
    harness.recorder.record(anEvent());
    await harness.clock.advance(1000);
  }
  assert.deepEqual(harness.told(), ['Started: Container started ×5']);
  assert.equal(harness.server.count('POST'), 1);
});

test('from the tenth on that differ only in their message, they are one', async (t) => {
  const harness = aRecorder(t);
  harness.start();
  for (let times = 1; times <= 15; times++) {
    harness.recorder.record(anEvent({ message: `took ${times} s` }));
    await harness.clock.advance(1000);
  }
  assert.equal(harness.events().length, 10);
  assert.equal(harness.told().at(-1), 'Started: (combined from similar events): took 15 s ×6');
});

test('of an object that never stops one hears 25 times and then every five minutes; others are heard as before', async (t) => {
  const harness = aRecorder(t);
  harness.start();
  for (let second = 0; second < 1200; second++) {
    harness.recorder.record(anEvent({ type: 'Warning', reason: 'Unhealthy', message: 'no' }));
    await harness.clock.advance(1000);
  }
  const calls = harness.server.calls.length;
  assert.ok(calls >= 28 && calls <= 29, `${calls} calls`);
  harness.recorder.record(anEvent({}, 'other-node1'));
  await harness.clock.advance(0);
  assert.equal(harness.server.calls.length, calls + 1);
});

test('while the API server is away equal events wait as one, and all are told when it is back', async (t) => {
  const harness = aRecorder(t);
  harness.start();
  harness.server.goDown();
  for (let times = 0; times < 20; times++) {
    harness.recorder.record(anEvent());
    harness.recorder.record(anEvent({}, 'other-node1'));
    await harness.clock.advance(30_000);
  }
  assert.ok(harness.recorder.queued <= 2);
  const tries = harness.server.calls.length;
  assert.ok(tries < 60, `${tries} tries in ten minutes`);
  harness.server.comeBack();
  await harness.clock.advance(16_000);
  assert.deepEqual([...harness.told()].sort(), Array(2).fill('Started: Container started ×20'));
});

test('5,000 events wait at most: the oldest are dropped, and that is said', async (t) => {
  const harness = aRecorder(t);
  for (let pod = 0; pod < 6000; pod++) harness.recorder.record(anEvent({}, `web${pod}`));
  assert.equal(harness.recorder.queued, 5000);
  harness.start();
  await harness.clock.advance(0);
  assert.match(harness.log.warnings.join(), /1000 events were dropped/);
  const names = () => harness.events().map(({ metadata }) => metadata.name.split('.')[0]);
  assert.equal(names().length, 100, 'a burst of 100');
  assert.equal(names()[0], 'web1000');
  await harness.clock.advance(1000);
  assert.equal(names().length, 150, 'and 50 a second');
});

test('what the API server will never take is dropped, and holds up nothing', async (t) => {
  const harness = aRecorder(t);
  harness.start();
  const about = { kind: 'Pod', namespace: 'gone', name: 'x', uid: 'u' } as const;
  harness.recorder.record(anEvent({ about }));
  harness.recorder.record(anEvent());
  await harness.clock.advance(0);
  assert.deepEqual(harness.told(), ['Started: Container started ×1']);
  assert.equal(harness.server.count('POST', '/gone/'), 1);
});

test('an API server that has too much to do is asked again when it says; one that fails, twelve times', async (t) => {
  const harness = aRecorder(t);
  let retryAfterMs: number | undefined = 20_000;
  harness.server.fault = (call) =>
    retryAfterMs === undefined ? refusal(call, 500, '') : refusal(call, 429, 'TooManyRequests', { retryAfterMs });
  harness.start();
  harness.recorder.record(anEvent());
  await harness.clock.advance(19_000);
  assert.equal(harness.server.calls.length, 1);
  await harness.clock.advance(2000);
  assert.equal(harness.server.calls.length, 2);
  retryAfterMs = undefined;
  await harness.clock.advance(600_000);
  assert.equal(harness.server.calls.length, 12);
  assert.equal(harness.recorder.queued, 0);
});

test('an event that the API server has forgotten meanwhile is made anew, one that arrived without an answer is not', async (t) => {
  const harness = aRecorder(t);
  harness.start();
  harness.recorder.record(anEvent());
  await harness.clock.advance(0);
  harness.server.objects.clear();
  harness.recorder.record(anEvent());
  await harness.clock.advance(0);
  assert.deepEqual(harness.told(), ['Started: Container started ×2']);
  harness.server.objects.clear();
  let lost = 1;
  const client = harness.server.client();
  const createObject: KubeClient['createObject'] = async (...args) => {
    const stored = await client.createObject(...args);
    if (lost-- > 0) throw new Error('socket hang up');
    return stored;
  };
  harness.api.setClient({ ...client, createObject });
  harness.recorder.record(anEvent({}, 'other-node1'));
  await harness.clock.advance(5000);
  assert.equal(harness.events().length, 1);
});

test('nobody hears of what is more than an hour old', async (t) => {
  const harness = aRecorder(t);
  harness.recorder.record(anEvent());
  await harness.clock.advance(3_600_001);
  harness.start();
  await harness.clock.advance(60_000);
  assert.deepEqual(harness.told(), []);
});
