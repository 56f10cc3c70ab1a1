import assert from 'node:assert/strict';
import test from 'node:test';
import { placeText } from '../../src/runtime/place.ts';
import { AgentHarness, left, manifestsDir, webManifest } from '../fakes/agent-harness.ts';

const file = `${manifestsDir}/web.yaml`;
const holder = { pid: 100, startTicks: '7' };
const claim = { file, holder, forMs: 600_000, place: placeText(left) };

/** One pod runs, and the next agent has another runtime; process 100 has asked that the pod stays unless `free`. */
async function moving({ free = false } = {}): Promise<AgentHarness> {
  const harness = new AgentHarness();
  harness.processes.set(holder.pid, holder.startTicks);
  harness.files.seed(file, webManifest(['terminationGracePeriodSeconds: 20']));
  await harness.start();
  if (!free) await harness.agent.requests.stay(claim);
  await harness.changeRuntime();
  return harness;
}

const runningLeft = ({ former }: AgentHarness) =>
  [...(former?.containers.values() ?? [])].filter(({ state }) => state === 'running');

test('an agent with another runtime moves its pods: stopped with their grace in the old one, then started in the new', async () => {
  const harness = await moving({ free: true });
  await harness.start();
  await harness.advance(30_000);
  assert.equal(harness.former?.calls.find(({ method }) => method === 'stopContainer')?.detail, 20);
  assert.deepEqual([harness.former?.containers.size, harness.former?.sandboxes.size], [0, 0], 'nothing is left behind');
  assert.equal(harness.running().length, 1);
  const [status] = harness.pod()?.pod.status?.containerStatuses ?? [];
  assert.deepEqual([status?.restartCount, status?.ready], [0, true]);
  await harness.stop();
});

test('a pod that is asked to stay runs on where it is, also after a crash and a restart of the agent', async () => {
  const harness = await moving();
  await harness.start();
  await harness.advance(60_000);
  assert.deepEqual([runningLeft(harness).length, harness.running().length], [1, 0]);
  const [before] = runningLeft(harness);
  harness.former?.exit(before?.id ?? '', 1);
  await harness.advance(30_000);
  await harness.restart();
  assert.deepEqual([runningLeft(harness).length, harness.running().length], [1, 0]);
  assert.match(harness.pod()?.pod.status?.containerStatuses[0]?.containerID ?? '', /^docker:\/\//);
  await harness.stop();
});

test('it goes when it may, and when the process has died that asked for it', async () => {
  const asked = await moving();
  await asked.start();
  await asked.agent.requests.stopOld(file);
  await asked.advance(30_000);
  assert.deepEqual([runningLeft(asked).length, asked.running().length], [0, 1]);
  await asked.stop();
  const orphaned = await moving();
  await orphaned.start();
  orphaned.processes.delete(holder.pid);
  await orphaned.advance(30_000);
  assert.deepEqual([runningLeft(orphaned).length, orphaned.running().length], [0, 1]);
  await orphaned.stop();
});

test('a changed manifest moves at once, and the old pod has gone before the new one starts', async () => {
  const harness = await moving();
  await harness.start();
  await harness.write('web.yaml', webManifest(['terminationGracePeriodSeconds: 20', 'hostname: other']));
  await harness.advance(30_000);
  assert.deepEqual([runningLeft(harness).length, harness.running().length], [0, 1]);
  const stopped = harness.former?.calls.find(({ method }) => method === 'stopContainer');
  const started = harness.runtime.calls.find(({ method }) => method === 'startContainer');
  assert.ok(stopped !== undefined && started !== undefined && stopped.atMs <= started.atMs);
  await harness.stop();
});

test('as long as the old runtime does not answer nothing is started in the new one', async () => {
  const harness = await moving({ free: true });
  harness.former?.failNext('observePods', 'connection refused', 1000);
  await harness.start();
  await harness.advance(60_000);
  assert.equal(harness.running().length, 0);
  assert.match(
    harness.agent.status().runtime.error ?? '',
    /unix:\/\/\/left\.sock, which pods move out of, does not say/,
  );
  harness.former?.mend();
  await harness.advance(60_000);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('killed at any call to a runtime, the next agent ends with one instance, in the new runtime', async () => {
  for (let nth = 1; ; nth++) {
    const harness = await moving({ free: true });
    let calls = 0;
    harness.onCall = () => (++calls === nth ? 'after' : undefined);
    await harness.start();
    await harness.advance(30_000);
    if (calls < nth) break;
    harness.onCall = () => undefined;
    harness.kill();
    await harness.start();
    await harness.advance(30_000);
    assert.deepEqual([runningLeft(harness).length, harness.running().length], [0, 1], `killed after call ${nth}`);
    await harness.stop();
  }
});
