import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitingEvents } from '../../src/agent/events/waiting-events.ts';
import { AgentHarness, webManifest } from '../fakes/agent-harness.ts';

const problem = 'NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized';
const notReady = `network is not ready: container runtime network not ready: ${problem}`;
/** The pod off the host network. */
const manifest = (...spec: readonly string[]) => webManifest(spec).replace('  hostNetwork: true\n', '');

async function started(networkProblem: string | undefined): Promise<AgentHarness> {
  const harness = new AgentHarness();
  harness.runtime.networkProblem = networkProblem;
  await harness.start();
  return harness;
}

test('a pod off the host network waits for the network with the kubelet’s reason; it comes up by itself', async () => {
  const harness = await started(problem);
  await harness.write('web.yaml', manifest());
  await harness.advance(5000);
  assert.deepEqual(harness.runtime.mutations(), []);
  assert.deepEqual(harness.pod()?.pod.status?.containerStatuses[0]?.state.waiting, {
    reason: 'NetworkNotReady',
    message: notReady,
  });
  assert.equal(harness.pod()?.doing, `waits: ${notReady}`);
  harness.runtime.networkProblem = undefined;
  await harness.advance(1000);
  assert.equal(harness.running().length, 1);
  assert.equal(harness.pod()?.doing, undefined);
  await harness.stop();
});

test('the event is told of the pod, once, as the kubelet tells it', async () => {
  const harness = await started(problem);
  await harness.write('web.yaml', manifest());
  await harness.advance(3000);
  const pod = harness.pod()?.pod;
  assert.ok(pod !== undefined);
  assert.deepEqual(
    waitingEvents(pod).map(({ event: { type, reason, message, fieldPath } }) => [type, reason, message, fieldPath]),
    [['Warning', 'NetworkNotReady', notReady, undefined]],
  );
  await harness.stop();
});

test('pods on the host network do not ask for it', async () => {
  const harness = await started(problem);
  await harness.write('web.yaml', webManifest());
  await harness.advance(0);
  assert.equal(harness.running().length, 1);
  assert.ok(harness.runtime.calls.every(({ method }) => method !== 'network'));
  await harness.stop();
});

test('what runs is left alone when the network goes, also when its manifest changes', async () => {
  const harness = await started(undefined);
  await harness.write('web.yaml', manifest());
  const [before] = harness.running();
  harness.runtime.networkProblem = problem;
  await harness.advance(60_000);
  await harness.write('web.yaml', manifest('terminationGracePeriodSeconds: 1'));
  await harness.advance(10_000);
  assert.deepEqual(harness.running(), [before]);
  assert.match(harness.pod()?.doing ?? '', /^the old pod runs on: the new one waits: network is not ready/);
  harness.runtime.networkProblem = undefined;
  await harness.advance(40_000);
  assert.equal(harness.running().length, 1);
  assert.notDeepEqual(harness.running(), [before]);
  await harness.stop();
});

test('a container that crashes in its sandbox starts again without a network', async () => {
  const harness = await started(undefined);
  await harness.write('web.yaml', manifest());
  const [first] = harness.running();
  harness.runtime.networkProblem = problem;
  harness.runtime.exit(first ?? '', 1);
  await harness.advance(20_000);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('a runtime that does not say is tried', async () => {
  const harness = await started(undefined);
  harness.runtime.failNext('network', 'unavailable');
  await harness.write('web.yaml', manifest());
  await harness.advance(0);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});
