import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { refusal } from '../../fakes/api-errors.ts';
import { aStaticPod } from '../../fakes/mirror-builders.ts';
import { MirrorHarness } from '../../fakes/mirror-harness.ts';

const key = 'default/web-node1';
const hourMs = 3_600_000;

function aHarness(t: TestContext): MirrorHarness {
  const harness = new MirrorHarness();
  t.after(() => harness.stop());
  return harness;
}

test('what a webhook denies is a problem in words, an event and a line of the log, each once, until it is allowed (A23)', async (t) => {
  const harness = aHarness(t);
  const denial = 'admission webhook "deny.example.com" denied the request: no mirror pods here';
  harness.server.fault = (call) =>
    /^POST .*\/default\//.test(call) ? refusal(call, 403, 'Forbidden', { message: denial }) : undefined;
  await harness.start(aStaticPod(), aStaticPod({ name: 'other-node1', namespace: 'kube-system' }));
  await harness.advance(hourMs);
  assert.ok(harness.pod('other-node1', 'kube-system') !== undefined, 'others are not held up');
  const [problem, ...more] = harness.mirrors.problems();
  assert.match(problem ?? '', /^default\/web-node1 runs, but the cluster does not show it: .*denied the request/);
  assert.deepEqual(more, []);
  assert.deepEqual(
    harness.events.map(({ reason, about }) => [reason, about.name, about.uid]),
    [['FailedMirrorPod', 'web-node1', 'hash1']],
  );
  assert.equal(harness.log.warnings.filter((line) => line.includes('denied the request')).length, 1);
  const tries = harness.server.count('POST', '/default/');
  assert.ok(tries > 200 && tries < 300, `${tries} tries in an hour`);
  harness.server.comeBack();
  await harness.advance(15_000);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Running');
  assert.deepEqual(harness.mirrors.problems(), []);
});

test('a webhook that hangs holds up nobody else', async (t) => {
  const harness = aHarness(t);
  const { clock } = harness;
  harness.server.fault = async (call) => {
    if (!/^POST .*\/default\//.test(call)) return undefined;
    await new Promise<void>((resolve) => void clock.after(30_000, resolve));
    const message = 'failed calling webhook "slow.example.com": context deadline exceeded';
    return refusal(call, 500, 'InternalError', { message });
  };
  await harness.start(aStaticPod(), aStaticPod({ name: 'other-node1', namespace: 'kube-system' }));
  assert.equal(harness.pod('other-node1', 'kube-system')?.status?.phase, 'Running');
  const other = aStaticPod({ name: 'other-node1', namespace: 'kube-system', status: { phase: 'Failed' } });
  await harness.turn('kube-system/other-node1', { pod: other });
  assert.equal(harness.pod('other-node1', 'kube-system')?.status?.phase, 'Failed');
  await harness.advance(120_000);
  assert.match(harness.mirrors.problems().join(), /failed calling webhook/);
});

test('an API server that refuses for a moment after its start is no problem', async (t) => {
  const harness = aHarness(t);
  let refusals = 2;
  harness.server.fault = (call) =>
    call.startsWith('POST') && refusals-- > 0
      ? refusal(call, 403, 'Forbidden', { message: 'no PriorityClass found' })
      : undefined;
  await harness.start(aStaticPod());
  await harness.advance(1000);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Running');
  assert.deepEqual(harness.log.warnings, []);
  assert.deepEqual(harness.events, []);
});

test('another manifest need not wait for what was refused to the one before, and one that is gone is no problem', async (t) => {
  const harness = aHarness(t);
  harness.server.fault = (call) => (call.startsWith('POST') ? refusal(call, 403, 'Forbidden') : undefined);
  await harness.start(aStaticPod());
  await harness.advance(60_000);
  assert.equal(harness.mirrors.problems().length, 1);
  const tries = harness.server.count('POST');
  await harness.turn(key, { pod: aStaticPod({ hash: 'hash2' }) });
  assert.equal(harness.server.count('POST'), tries + 1);
  await harness.turn(key);
  assert.deepEqual(harness.mirrors.problems(), []);
});

test('a namespace that is not there yet is waited for', async (t) => {
  const harness = aHarness(t);
  await harness.start(aStaticPod({ namespace: 'later' }));
  await harness.advance(60_000);
  assert.match(harness.mirrors.problems().join(), /namespaces "later" not found/);
  harness.server.namespaces.add('later');
  await harness.advance(15_000);
  assert.equal(harness.pod('web-node1', 'later')?.status?.phase, 'Running');
});

test('the API server may be down for an hour: no hot loop, and the truth is there soon after it is back', async (t) => {
  const harness = aHarness(t);
  const pods = Array.from({ length: 50 }, (_, index) => aStaticPod({ name: `web${index}-node1` }));
  await harness.start(...pods);
  assert.equal(harness.pods().length, 50);
  harness.server.goDown();
  const before = harness.server.calls.length;
  for (let minute = 0; minute < 60; minute++) {
    const status = { message: `minute ${minute}` };
    await harness.turn('default/web7-node1', { pod: aStaticPod({ name: 'web7-node1', status }) });
    await harness.advance(60_000);
  }
  const calls = harness.server.calls.length - before;
  assert.ok(calls < 1500, `${calls} calls in an hour`);
  harness.api.setProblem('lease', 'it does not answer');
  assert.deepEqual(harness.mirrors.problems(), [], 'who keeps the node tells of that');
  harness.server.comeBack();
  await harness.advance(4000);
  assert.equal(harness.pod('web7-node1')?.status?.message, 'minute 59');
});

test('what happened to the mirror pods while the API server was away is seen when it is back', async (t) => {
  const harness = aHarness(t);
  await harness.start(aStaticPod());
  harness.server.goDown();
  await harness.advance(10_000);
  harness.forceDelete('web-node1');
  harness.server.comeBack();
  await harness.advance(30_000);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Running');
});

test('an API server that has too much to do is asked again when it says', async (t) => {
  const harness = aHarness(t);
  await harness.start(aStaticPod());
  harness.server.fault = (call) =>
    call.startsWith('PATCH') ? refusal(call, 429, 'TooManyRequests', { retryAfterMs: 20_000 }) : undefined;
  await harness.turn(key, { pod: aStaticPod({ status: { phase: 'Failed' } }) });
  const patched = harness.server.count('PATCH');
  await harness.advance(19_000);
  assert.equal(harness.server.count('PATCH'), patched);
  harness.server.comeBack();
  await harness.advance(1500);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Failed');
});

test('a mirror pod that was replaced behind the back of the watch is seen by its UID (409)', async (t) => {
  const harness = aHarness(t);
  await harness.start(aStaticPod());
  const { objects } = harness.server;
  const path = '/api/v1/namespaces/default/pods/web-node1';
  const pod = objects.get(path);
  assert.ok(pod !== undefined);
  const metadata = { ...pod.metadata, uid: 'replaced', resourceVersion: '900' };
  objects.set(path, { ...pod, metadata, status: { phase: 'Pending' } });
  await harness.turn(key, { pod: aStaticPod({ status: { phase: 'Failed' } }) });
  assert.equal(objects.get(path)?.metadata.uid, 'replaced');
  assert.equal(objects.get(path)?.status?.phase, 'Failed');
});

test('a mirror pod that is there already, unheard of, is taken as it is (409)', async (t) => {
  const harness = aHarness(t);
  await harness.start();
  const other = new MirrorHarness();
  t.after(() => other.stop());
  await other.start(aStaticPod());
  const path = '/api/v1/namespaces/default/pods/web-node1';
  const there = other.server.objects.get(path);
  assert.ok(there !== undefined);
  harness.server.objects.set(path, { ...there, spec: { nodeName: 'node1' } });
  await harness.turn(key, { pod: aStaticPod({ status: { phase: 'Failed' } }) });
  assert.equal(harness.pod('web-node1')?.metadata.uid, there.metadata.uid);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Failed');
});

test('a status that the API server does not take for this mirror pod gets another one', async (t) => {
  const harness = aHarness(t);
  await harness.start(aStaticPod());
  const uid = harness.pod('web-node1')?.metadata.uid;
  harness.server.fault = (call) =>
    call.startsWith('PATCH') && harness.pod('web-node1')?.metadata.uid === uid
      ? refusal(call, 422, 'Invalid', { message: 'may not be transitioned to non-terminated state' })
      : undefined;
  await harness.turn(key, { pod: aStaticPod({ status: { phase: 'Pending' } }) });
  await harness.advance(2000);
  assert.notEqual(harness.pod('web-node1')?.metadata.uid, uid);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Pending');
});

test('many pods are made a few at a time', async (t) => {
  const harness = aHarness(t);
  let at = 0;
  let most = 0;
  harness.server.fault = async (call) => {
    if (!call.startsWith('POST')) return undefined;
    at += 1;
    most = Math.max(most, at);
    await new Promise<void>((resolve) => void harness.clock.after(10, resolve));
    at -= 1;
    return undefined;
  };
  await harness.start(...Array.from({ length: 50 }, (_, index) => aStaticPod({ name: `web${index}-node1` })));
  await harness.advance(100);
  assert.equal(harness.pods().length, 50);
  assert.equal(most, 8);
});
