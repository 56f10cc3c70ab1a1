import assert from 'node:assert/strict';
import test from 'node:test';
import { AgentHarness, manifestsDir, webManifest } from '../fakes/agent-harness.ts';

const grace = ['terminationGracePeriodSeconds: 20'];

async function running(spec: readonly string[] = [], container: readonly string[] = []): Promise<AgentHarness> {
  const harness = new AgentHarness();
  harness.files.seed(`${manifestsDir}/web.yaml`, webManifest(spec, container));
  await harness.start();
  return harness;
}

test('runs the pods of the directory under the names, labels and annotations of static pods', async () => {
  const harness = await running();
  const pod = harness.pod()?.pod;
  assert.equal(pod?.status?.phase, 'Running');
  assert.match(pod?.metadata.uid ?? '', /^[0-9a-f]{32}$/);
  assert.equal(pod?.metadata.annotations?.['kubernetes.io/config.hash'], pod?.metadata.uid);
  assert.equal(pod?.metadata.annotations?.['kubernetes.io/config.source'], 'file');
  assert.deepEqual(pod?.spec.tolerations, [{ operator: 'Exists', effect: 'NoExecute' }]);
  const [sandbox] = harness.runtime.sandboxes.values();
  assert.equal(sandbox?.pod.name, 'web-node1');
  await harness.stop();
});

test('restarts a container that was killed, at once, and counts it', async () => {
  const harness = await running();
  harness.runtime.exit(harness.running()[0] ?? '', 137);
  await harness.settle();
  assert.equal(harness.running().length, 1);
  const [status] = harness.pod()?.pod.status?.containerStatuses ?? [];
  assert.equal(status?.restartCount, 1);
  assert.equal(status?.lastState.terminated?.exitCode, 137);
  await harness.stop();
});

test('starts a crashing container at 0, 0, 10, 30, 70, 150, 310 s, also when the agent is killed in between', async () => {
  const harness = new AgentHarness();
  harness.runtime.behave('app', { exitsAfterMs: 0, exitCode: 1 });
  harness.files.seed(`${manifestsDir}/web.yaml`, webManifest());
  const begin = harness.clock.now();
  await harness.start();
  const starts: number[] = [];
  for (let second = 0; second <= 320; second++) {
    const made = harness.runtime.calls.filter(({ method }) => method === 'startContainer').length;
    while (starts.length < made) starts.push((harness.clock.now() - begin) / 1000);
    if (second % 47 === 0) await harness.restart();
    await harness.advance(1000);
  }
  assert.deepEqual(starts, [0, 0, 10, 30, 70, 150, 310]);
  await harness.stop();
});

test('says CrashLoopBackOff while it waits, with the end of the container before', async () => {
  const harness = new AgentHarness();
  harness.runtime.behave('app', { exitsAfterMs: 0, exitCode: 3 });
  await harness.start();
  await harness.write('web.yaml', webManifest());
  await harness.advance(5000);
  const [status] = harness.pod()?.pod.status?.containerStatuses ?? [];
  assert.equal(status?.state.waiting?.reason, 'CrashLoopBackOff');
  assert.match(
    status?.state.waiting?.message ?? '',
    /back-off 10s restarting failed container=app pod=web-node1_default/,
  );
  assert.equal(status?.lastState.terminated?.exitCode, 3);
  assert.equal(harness.pod()?.pod.status?.phase, 'Running');
  await harness.stop();
});

test('a changed manifest: the old pod ends within its own grace, then the new one starts at once', async () => {
  const harness = await running(grace);
  harness.runtime.behave('app', { stopsAfterMs: 15_000 });
  const [before] = harness.running();
  await harness.write('web.yaml', webManifest(['terminationGracePeriodSeconds: 5']));
  await harness.advance(14_000);
  assert.deepEqual(harness.running(), [before]);
  assert.match(harness.pod()?.doing ?? '', /stopping app \(grace 20 s\)/);
  await harness.advance(1000);
  assert.equal(harness.running().length, 1);
  assert.notEqual(harness.running()[0], before);
  assert.equal(harness.pod()?.pod.status?.containerStatuses[0]?.restartCount, 0);
  await harness.stop();
});

test('many changes while the old pod ends: only the last one starts', async () => {
  const harness = await running(grace);
  harness.runtime.behave('app', { stopsAfterMs: 20_000 });
  for (let edit = 0; edit < 50; edit++) {
    await harness.write('web.yaml', webManifest([...grace, `hostname: edit${edit}`]));
    await harness.advance(100);
  }
  await harness.advance(20_000);
  const starts = harness.runtime.calls.filter(({ method }) => method === 'startContainer');
  assert.equal(starts.length, 2);
  assert.equal(harness.pod()?.pod.spec.hostname, 'edit49');
  await harness.stop();
});

test('a removed manifest: stopped with its grace, then nothing of it is left', async () => {
  const harness = await running(grace);
  await harness.remove('web.yaml');
  const stop = harness.runtime.calls.find(({ method }) => method === 'stopContainer');
  assert.equal(stop?.detail, 20);
  assert.equal(harness.runtime.containers.size + harness.runtime.sandboxes.size, 0);
  assert.deepEqual(harness.agent.status().pods, []);
  assert.deepEqual(
    harness.files.files().filter((path) => path.startsWith('/var/log/')),
    [],
  );
  await harness.stop();
});

test('the next agent takes everything over and restarts nothing', async () => {
  const harness = await running();
  const before = harness.runtime.mutations();
  await harness.restart();
  await harness.advance(120_000);
  assert.deepEqual(harness.runtime.mutations(), before);
  assert.equal(harness.pod()?.pod.status?.phase, 'Running');
  await harness.stop();
});

test('a manifest changed or removed while no agent ran: the old pod gets its full grace', async () => {
  const harness = await running(grace);
  await harness.stop();
  await harness.files.remove(`${manifestsDir}/web.yaml`);
  await harness.restart();
  const stop = harness.runtime.calls.find(({ method }) => method === 'stopContainer');
  assert.equal(stop?.detail, 20);
  assert.equal(harness.runtime.containers.size, 0);
  await harness.stop();
});

test('after the machine was down everything comes back with the next attempt', async () => {
  const harness = await running();
  await harness.stop();
  harness.runtime.reboot();
  await harness.restart();
  assert.equal(harness.running().length, 1);
  assert.equal(harness.pod()?.pod.status?.containerStatuses[0]?.restartCount, 1);
  await harness.stop();
});

test('a sandbox that was killed is made anew, its containers after it', async () => {
  const harness = await running();
  harness.runtime.killSandbox([...harness.runtime.sandboxes.keys()][0] ?? '');
  await harness.settle();
  const ready = [...harness.runtime.sandboxes.values()].filter((sandbox) => sandbox.ready);
  assert.deepEqual(
    ready.map(({ attempt }) => attempt),
    [1],
  );
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('a pod whose image cannot be had says so and is tried again with back-off; others do not wait for it', async () => {
  const harness = await running();
  await harness.write('b.yaml', webManifest().replace('name: web', 'name: other').replace('app:1', 'app:2'));
  const waiting = () => harness.pod('other-node1')?.pod.status?.containerStatuses[0]?.state.waiting;
  assert.equal(waiting()?.reason, 'ImagePullBackOff');
  assert.match(waiting()?.message ?? '', /cannot pull example\/app:2/);
  assert.equal(harness.pod()?.pod.status?.phase, 'Running');
  harness.runtime.images.registry.add('example/app:2');
  await harness.advance(9000);
  assert.equal(waiting()?.reason, 'ImagePullBackOff');
  await harness.advance(1000);
  assert.equal(harness.pod('other-node1')?.pod.status?.phase, 'Running');
  assert.equal(harness.pod('other-node1')?.lastError, undefined);
  await harness.stop();
});

test('a changed manifest whose image cannot be had leaves the old pod running', async () => {
  const harness = await running();
  const before = harness.running();
  await harness.write('web.yaml', webManifest().replace('app:1', 'app:2'));
  await harness.advance(60_000);
  assert.deepEqual(harness.running(), before);
  harness.runtime.images.registry.add('example/app:2');
  await harness.advance(300_000);
  assert.equal(harness.running().length, 1);
  assert.notDeepEqual(harness.running(), before);
  await harness.stop();
});

test('a runtime that fails is asked again, later and later, and the reason is shown', async () => {
  const harness = new AgentHarness();
  harness.runtime.failNext('createSandbox', 'no space left on device', 3);
  harness.files.seed(`${manifestsDir}/web.yaml`, webManifest());
  await harness.start();
  assert.equal(harness.pod()?.lastError, 'no space left on device');
  assert.equal(harness.pod()?.pod.status?.phase, 'Pending');
  await harness.advance(500 + 1000);
  assert.equal(harness.running().length, 0);
  await harness.advance(2000);
  assert.equal(harness.running().length, 1);
  assert.equal(harness.pod()?.lastError, undefined);
  await harness.stop();
});

test('nothing is decided while the runtime does not answer', async () => {
  const harness = await running();
  const before = harness.runtime.mutations();
  harness.runtime.failNext('observePods', 'hung', 100);
  await harness.remove('web.yaml');
  await harness.advance(5000);
  assert.deepEqual(harness.runtime.mutations(), before);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('an exit that no event told is seen by the next look at everything', async () => {
  const harness = await running();
  const [id = ''] = harness.running();
  const seen = harness.runtime.containers.get(id);
  assert.ok(seen !== undefined);
  harness.runtime.containers.set(id, { ...seen, state: 'exited', exitCode: 1, finishedAtMs: harness.clock.now() });
  await harness.advance(60_000);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('a pod with a start rule waits for the URL, then starts at once', async () => {
  const url = 'https://127.0.0.1:6443/livez';
  const harness = new AgentHarness({ startAfter: [{ pods: ['default/web'], url }] });
  harness.files.seed(`${manifestsDir}/web.yaml`, webManifest());
  await harness.start();
  await harness.advance(3000);
  assert.equal(harness.running().length, 0);
  assert.equal(harness.pod()?.doing, `waiting for ${url} to answer`);
  harness.answer = () => 500;
  await harness.advance(1000);
  assert.equal(harness.running().length, 0);
  harness.answer = () => 200;
  await harness.advance(50);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('a start rule holds no longer than a minute', async () => {
  const harness = new AgentHarness({ startAfter: [{ pods: ['default/web'], url: 'https://127.0.0.1:6443/livez' }] });
  harness.files.seed(`${manifestsDir}/web.yaml`, webManifest());
  await harness.start();
  await harness.advance(59_000);
  assert.equal(harness.running().length, 0);
  await harness.advance(1000);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('a failing liveness probe replaces the container, a passing readiness probe makes it ready', async () => {
  const probes = [
    'livenessProbe: { httpGet: { path: /livez, port: probe-port }, periodSeconds: 10, failureThreshold: 2 }',
    'readinessProbe: { httpGet: { path: /readyz, port: probe-port }, periodSeconds: 1 }',
    'ports: [{ name: probe-port, containerPort: 8080 }]',
  ];
  const harness = new AgentHarness();
  const asked = new Set<string>();
  harness.answer = (url) => {
    asked.add(url);
    return url.endsWith('/livez') ? 200 : 503;
  };
  harness.files.seed(`${manifestsDir}/web.yaml`, webManifest([], probes));
  await harness.start();
  const status = () => harness.pod()?.pod.status?.containerStatuses[0];
  assert.deepEqual([...asked].sort(), ['http://192.0.2.10:8080/livez', 'http://192.0.2.10:8080/readyz']);
  assert.equal(status()?.ready, false);
  harness.answer = () => 200;
  await harness.advance(1000);
  assert.equal(status()?.ready, true);
  harness.answer = (url) => (url.endsWith('/livez') ? 500 : 200);
  await harness.advance(20_000);
  assert.equal(status()?.restartCount, 1);
  await harness.stop();
});

test('a manifest with a volume that cannot be used here is refused with the reason', async () => {
  const harness = await running(['volumes: [{ name: v, nfs: { server: a, path: /b } }]']);
  assert.match(harness.pod()?.lastError ?? '', /volume v: nfs needs a volume plugin/);
  assert.equal(harness.runtime.sandboxes.size, 0);
  await harness.stop();
});

test('runs a container’s postStart hook after its start and its preStop hook before its end', async () => {
  const hooks = ['lifecycle:', '  postStart: { exec: { command: [post] } }', '  preStop: { exec: { command: [pre] } }'];
  const harness = await running([], hooks);
  await harness.remove('web.yaml');
  const order = harness.runtime.calls.filter(({ method }) =>
    ['startContainer', 'exec', 'stopContainer'].includes(method),
  );
  assert.deepEqual(
    order.map(({ method, detail }) => (method === 'exec' ? detail : method)),
    ['startContainer', ['post'], ['pre'], 'stopContainer'],
  );
  await harness.stop();
});
