import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { annotations } from '../../../src/runtime/labels.ts';
import { AgentHarness, manifestsDir, webManifest } from '../../fakes/agent-harness.ts';

const file = `${manifestsDir}/web.yaml`;

async function running(t: TestContext, spec: readonly string[] = [], app: readonly string[] = []) {
  const harness = new AgentHarness();
  t.after(() => harness.stop());
  harness.answer = () => 200;
  harness.files.seed(file, webManifest(spec, app));
  await harness.start();
  return harness;
}

const reasons = ({ told }: AgentHarness) => told.map(({ reason }) => reason);
const last = ({ told }: AgentHarness) => told.at(-1)?.message;

test('a start is told as Pulled, Created and Started, of the container and by the hash of the manifest', async (t) => {
  const harness = await running(t);
  assert.deepEqual(reasons(harness), ['Pulled', 'Created', 'Started']);
  const hash = harness.pod()?.pod.metadata.annotations?.[annotations.configHash];
  for (const { pod, fieldPath } of harness.told) {
    assert.deepEqual(pod, { namespace: 'default', name: 'web-node1', uid: hash });
    assert.equal(fieldPath, 'spec.containers{app}');
  }
});

test('an image that is not there is told as Pulling and Pulled, and not as present after that', async (t) => {
  const harness = new AgentHarness();
  t.after(() => harness.stop());
  harness.runtime.images.registry.add('example/new:1');
  harness.files.seed(file, webManifest().replace('app:1', 'new:1'));
  await harness.start();
  assert.deepEqual(reasons(harness), ['Pulling', 'Pulled', 'Created', 'Started']);
  assert.match(harness.told[1]?.message ?? '', /^Successfully pulled image "example\/new:1" in /);
});

test('an image that cannot be had is told as Failed', async (t) => {
  const harness = new AgentHarness();
  t.after(() => harness.stop());
  harness.runtime.failNext('pullImage', 'no such host');
  harness.files.seed(file, webManifest().replace('app:1', 'new:1'));
  await harness.start();
  assert.deepEqual(
    harness.told.map(({ reason, message }) => `${reason}: ${message}`),
    [
      'Pulling: Pulling image "example/new:1"',
      'Failed: Failed to pull image "example/new:1": no such host',
      'Failed: Error: ErrImagePull',
    ],
  );
});

test('a failing liveness probe is told as Unhealthy each time, and the stop that follows with its cause', async (t) => {
  const livenessProbe = ['livenessProbe:', '  httpGet: {port: 8080, host: 127.0.0.1}', '  periodSeconds: 1'];
  const harness = await running(t, [], [...livenessProbe, '  failureThreshold: 2']);
  harness.told.length = 0;
  harness.answer = () => 500;
  await harness.advance(2000);
  assert.deepEqual(reasons(harness).slice(0, 3), ['Unhealthy', 'Unhealthy', 'Killing']);
  assert.match(harness.told[0]?.message ?? '', /^Liveness probe failed: HTTP probe failed with statuscode: 500/);
  assert.equal(harness.told[2]?.message, 'Container app failed liveness probe, will be restarted');
});

test('a container that cannot be started is told with the runtime’s words; a sandbox that was lost, as changed', async (t) => {
  const harness = new AgentHarness();
  t.after(() => harness.stop());
  harness.runtime.failNext('startContainer', 'no space left on device');
  harness.files.seed(file, webManifest());
  await harness.start();
  assert.deepEqual([harness.told[1]?.reason, harness.told[1]?.message], ['Failed', 'Error: no space left on device']);
  await harness.advance(2000);
  const [sandbox] = harness.runtime.sandboxes.keys();
  harness.runtime.killSandbox(sandbox ?? '');
  await harness.advance(2000);
  assert.ok(reasons(harness).includes('SandboxChanged'));
});

test('a stop is told once, though an agent that was killed leaves it to the next one', async (t) => {
  const harness = await running(t, ['terminationGracePeriodSeconds: 20']);
  harness.runtime.behave('app', { stopsAfterMs: 5000 });
  await harness.remove('web.yaml');
  assert.equal(last(harness), 'Stopping container app');
  harness.kill();
  await harness.start();
  await harness.advance(10_000);
  assert.equal(reasons(harness).filter((reason) => reason === 'Killing').length, 1);
});

test('while the old form of a pod still runs it is seen beside the new one, until it has ended', async (t) => {
  const harness = await running(t, ['terminationGracePeriodSeconds: 20']);
  harness.runtime.behave('app', { stopsAfterMs: 5000 });
  const key = 'default/web-node1';
  const before = harness.agent.seen(key).pod;
  await harness.write('web.yaml', webManifest(['terminationGracePeriodSeconds: 19']));
  const { pod, older } = harness.agent.seen(key);
  assert.equal(pod?.pod.status?.phase, 'Pending');
  assert.equal(older?.pod.status?.phase, 'Running');
  assert.deepEqual(
    older?.pod.status?.containerStatuses.map(({ containerID, ready }) => [containerID, ready]),
    before?.pod.status?.containerStatuses.map(({ containerID, ready }) => [containerID, ready]),
  );
  await harness.advance(6000);
  assert.equal(harness.agent.seen(key).older, undefined);
  assert.equal(harness.agent.seen(key).pod?.pod.status?.phase, 'Running');
});

test('a readiness that changes during a long stop is told at once, and seen', async (t) => {
  const readinessProbe = ['readinessProbe:', '  httpGet: {port: 8080, host: 127.0.0.1}', '  periodSeconds: 1'];
  const harness = await running(t, ['terminationGracePeriodSeconds: 20'], [...readinessProbe, '  failureThreshold: 1']);
  await harness.advance(1000);
  harness.runtime.behave('app', { stopsAfterMs: 10_000 });
  await harness.remove('web.yaml');
  const ready = () => harness.agent.seen('default/web-node1').pod?.pod.status?.containerStatuses[0]?.ready;
  assert.equal(ready(), true);
  let changed = 0;
  harness.onChanged = () => {
    changed += 1;
  };
  harness.answer = () => 500;
  await harness.advance(1500);
  assert.equal(ready(), false);
  assert.equal(changed, 1);
});

test('a pod that goes while the runtime is away is seen until the runtime says that it is gone', async (t) => {
  const harness = await running(t);
  const key = 'default/web-node1';
  harness.runtime.failNext('observePods', 'dockerd is not there', 1000);
  await harness.remove('web.yaml');
  await harness.advance(60_000);
  const { pod } = harness.agent.seen(key);
  assert.equal(pod?.pod.status?.phase, 'Running');
  assert.equal(pod?.file, undefined);
  harness.runtime.mend();
  await harness.advance(60_000);
  assert.deepEqual(harness.agent.seen(key), {});
});
