import assert from 'node:assert/strict';
import test from 'node:test';
import { AgentHarness, manifestsDir, webManifest } from '../fakes/agent-harness.ts';

const named = (name: string, text = webManifest()) => text.replace('name: web', `name: ${name}`);
const seed = (harness: AgentHarness, name: string, text?: string) =>
  harness.files.seed(`${manifestsDir}/${name}.yaml`, named(name, text));
const withPort = webManifest([], ['ports: [{ containerPort: 8080 }]']);

test('fifty pods start with a handful of listings', async () => {
  const harness = new AgentHarness();
  for (let index = 0; index < 50; index++) seed(harness, `pod-${index}`);
  await harness.start();
  assert.equal(harness.running().length, 50);
  const all = harness.runtime.calls.filter(({ method }) => method === 'observePods');
  assert.ok(all.length < 50, `${all.length} listings for 50 pods`);
  await harness.stop();
});

test('an idle minute costs one listing, however many pods there are', async () => {
  const harness = new AgentHarness();
  for (let index = 0; index < 20; index++) seed(harness, `pod-${index}`);
  await harness.start();
  await harness.advance(30_000);
  const before = harness.runtime.calls.length;
  await harness.advance(60_000);
  assert.deepEqual(
    harness.runtime.calls.slice(before).map(({ method, target }) => `${method} ${target}`),
    ['observePods '],
  );
  await harness.stop();
});

test('a pod whose stop hangs delays no other', async () => {
  const harness = new AgentHarness();
  seed(harness, 'hung');
  await harness.start();
  harness.runtime.behave('app', { stopsAfterMs: 3_600_000 });
  harness.runtime.stopContainer = () => new Promise(() => {});
  await harness.remove('hung.yaml');
  await harness.write('other.yaml', named('other'));
  assert.equal(harness.pod('other-node1')?.pod.status?.phase, 'Running');
  await harness.stop();
});

test('a manifest that is removed or taken back while its image is being fetched is heeded at once', async () => {
  const harness = new AgentHarness();
  seed(harness, 'web');
  await harness.start();
  const [id] = harness.running();
  harness.runtime.pullImage = () => new Promise(() => {});
  await harness.write('web.yaml', webManifest().replace('app:1', 'app:2'));
  assert.match(harness.pod()?.doing ?? '', /pulling image example\/app:2/);
  await harness.write('web.yaml', webManifest());
  assert.deepEqual(harness.running(), [id]);
  assert.equal(harness.pod()?.doing, undefined);
  await harness.write('web.yaml', webManifest().replace('app:1', 'app:2'));
  await harness.remove('web.yaml');
  assert.equal(harness.runtime.containers.size, 0);
  await harness.stop();
});

test('a runtime that is down is shown and asked again; nothing is forgotten, and all goes on by itself', async () => {
  const harness = new AgentHarness();
  harness.runtime.behave('app', { exitsAfterMs: 0, exitCode: 1 });
  seed(harness, 'web');
  await harness.start();
  const starts = () => harness.runtime.calls.filter(({ method }) => method === 'startContainer').length;
  assert.equal(starts(), 2);
  for (const method of ['observePods', 'version'] as const)
    harness.runtime.failNext(method, 'connection refused', 1000);
  harness.runtime.hintEverything();
  await harness.advance(60_000);
  assert.match(harness.agent.status().runtime.error ?? '', /connection refused/);
  assert.equal(harness.pod()?.pod.status?.containerStatuses[0]?.restartCount, 1);
  harness.runtime.mend();
  await harness.advance(5000);
  assert.equal(harness.agent.status().runtime.error, undefined);
  assert.equal(starts(), 3);
  await harness.advance(15_000);
  assert.equal(starts(), 3, 'the back-off went on from 10 s to 20 s');
  await harness.stop();
});

test('a runtime that hangs is shown as one that does not answer', async () => {
  const harness = new AgentHarness();
  seed(harness, 'web');
  await harness.start();
  harness.runtime.failNext('observePods', 'no answer from Docker within 120 s', 100);
  harness.runtime.version = () => new Promise(() => {});
  harness.runtime.hintEverything();
  await harness.advance(11_000);
  assert.match(harness.agent.status().runtime.error ?? '', /no answer within 10 s/);
  await harness.stop();
});

test('of two pods on one port one is refused, shown with the reason, and runs as soon as the other is gone', async () => {
  const harness = new AgentHarness();
  seed(harness, 'one', withPort);
  await harness.start();
  await harness.write('two.yaml', named('two', withPort));
  const two = () => harness.pod('two-node1');
  assert.equal(two()?.pod.status?.phase, 'Pending');
  assert.equal(two()?.pod.status?.reason, 'NodePorts');
  assert.match(two()?.lastError ?? '', /host port 8080\/TCP is taken by pod default\/one-node1/);
  await harness.advance(60_000);
  await harness.remove('one.yaml');
  assert.equal(two()?.pod.status?.phase, 'Running');
  assert.equal(two()?.pod.status?.reason, undefined);
  await harness.stop();
});

test('another namespace on the same port waits for the pod before it to end, and starts at once then', async () => {
  const harness = new AgentHarness();
  seed(harness, 'web', withPort);
  await harness.start();
  harness.runtime.behave('app', { stopsAfterMs: 3000 });
  await harness.write('web.yaml', withPort.replace('name: web', 'name: web\n  namespace: other'));
  assert.match(
    harness.agent
      .status()
      .pods.map(({ doing }) => doing)
      .join(),
    /waiting for pod default\/web-node1 to end/,
  );
  await harness.advance(3000);
  assert.deepEqual(
    [...harness.runtime.containers.values()].map(({ pod, state }) => [pod.namespace, state]),
    [['other', 'running']],
  );
  await harness.stop();
});

test('an edit on the same port is no collision with the pod’s own predecessor', async () => {
  const harness = new AgentHarness();
  seed(harness, 'web', withPort);
  await harness.start();
  harness.listening = [{ address: '0.0.0.0', port: 8080, pid: 5, program: 'app' }];
  harness.runtime.behave('app', { stopsAfterMs: 1000 });
  await harness.write('web.yaml', withPort.replace('hostNetwork: true', 'hostNetwork: true\n  hostname: other'));
  harness.listening = [];
  await harness.advance(1000);
  assert.equal(harness.running().length, 1);
  assert.equal(harness.pod()?.pod.spec.hostname, 'other');
  await harness.stop();
});

test('a port that somebody else has is asked for again, later and later', async () => {
  const harness = new AgentHarness();
  harness.listening = [{ address: '0.0.0.0', port: 8080, pid: 5, program: 'nginx' }];
  seed(harness, 'web', withPort);
  await harness.start();
  await harness.advance(14_000);
  assert.match(harness.pod()?.lastError ?? '', /in use by pid 5 \(nginx\)/);
  harness.listening = [];
  await harness.advance(1000);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('an agent whose directory is removed under it ends and says so', async () => {
  const harness = new AgentHarness();
  seed(harness, 'web');
  const running = harness.agent.run(new AbortController().signal);
  const failed = assert.rejects(running, /\/var\/lib\/bootstrap was removed while the agent ran/);
  await harness.advance(11_000);
  await harness.files.remove('/var/lib/bootstrap', { recursive: true });
  await harness.advance(11_000);
  await failed;
});

test('a changed pod never shows what was noted of the form before it', async () => {
  const harness = new AgentHarness();
  seed(harness, 'web');
  await harness.start();
  harness.runtime.exit(harness.running()[0] ?? '', 1);
  await harness.settle();
  harness.files.seed(`/var/log/pods/default_web-node1_${harness.pod()?.pod.metadata.uid}/app/1.log`, '');
  // In its back-off now: its attempts are asked for, also by its logs.
  harness.runtime.exit(harness.running()[0] ?? '', 1);
  await harness.settle();
  const old = harness.pod()?.pod.metadata.uid;
  const shown = new Set<number | undefined>();
  harness.onCall = () => {
    const { metadata, status } = harness.pod()?.pod ?? {};
    if (metadata !== undefined && metadata.uid !== old) shown.add(status?.containerStatuses[0]?.restartCount);
    return undefined;
  };
  await harness.write('web.yaml', webManifest(['hostname: other']));
  await harness.settle();
  assert.deepEqual([...shown], [0]);
  await harness.stop();
});
