import assert from 'node:assert/strict';
import test from 'node:test';
import { AgentHarness, manifestsDir, webManifest } from '../../fakes/agent-harness.ts';

const file = `${manifestsDir}/web.yaml`;

async function running(): Promise<AgentHarness> {
  const harness = new AgentHarness();
  harness.files.seed(file, webManifest(['terminationGracePeriodSeconds: 20']));
  await harness.start();
  return harness;
}

const status = (harness: AgentHarness) => harness.pod()?.pod.status?.containerStatuses[0];

test('a restart stops the containers with their grace and starts the next attempt, without back-off, again and again', async () => {
  const harness = await running();
  const uid = harness.pod()?.pod.metadata.uid;
  for (let attempt = 1; attempt <= 4; attempt++) {
    const before = status(harness)?.containerID ?? '';
    assert.deepEqual(await harness.agent.requests.restart(file), { replaced: [before] });
    await harness.settle();
    assert.equal(status(harness)?.restartCount, attempt);
    assert.notEqual(status(harness)?.containerID, before);
    assert.equal(harness.running().length, 1);
  }
  assert.equal(harness.runtime.calls.find(({ method }) => method === 'stopContainer')?.detail, 20);
  assert.equal(harness.pod()?.pod.metadata.uid, uid);
  await harness.stop();
});

test('a restart that was asked for is carried out by the next agent', async () => {
  const harness = await running();
  const [before] = harness.running();
  harness.runtime.behave('app', { stopsAfterMs: 5000 });
  harness.onCall = (name) => (name === 'stopContainer' ? 'before' : undefined);
  await harness.agent.requests.restart(file);
  await harness.settle();
  harness.kill();
  harness.onCall = () => undefined;
  await harness.start();
  await harness.advance(20_000);
  assert.equal(harness.running().length, 1);
  assert.notDeepEqual(harness.running(), [before]);
  assert.equal(status(harness)?.restartCount, 1);
  await harness.stop();
});

test('a container in back-off is started at once', async () => {
  const harness = new AgentHarness();
  harness.runtime.behave('app', { exitsAfterMs: 0, exitCode: 1 });
  harness.files.seed(file, webManifest());
  await harness.start();
  await harness.advance(15_000);
  const starts = () => harness.runtime.calls.filter(({ method }) => method === 'startContainer').length;
  const before = starts();
  assert.equal(status(harness)?.state.waiting?.reason, 'CrashLoopBackOff');
  harness.runtime.behave('app', {});
  await harness.agent.requests.restart(file);
  await harness.settle();
  assert.equal(starts(), before + 1);
  await harness.stop();
});

test('what no pod runs by cannot be restarted', async () => {
  const harness = await running();
  await assert.rejects(harness.agent.requests.restart('/etc/kubernetes/manifests/none.yaml'), /no pod runs by/);
  await harness.stop();
});
