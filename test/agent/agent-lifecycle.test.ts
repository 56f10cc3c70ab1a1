import assert from 'node:assert/strict';
import test from 'node:test';
import type { ContainerStatus, PodStatus } from '../../src/kube/types.ts';
import { AgentHarness, manifestsDir, webManifest } from '../fakes/agent-harness.ts';

const liveness = [
  'livenessProbe:',
  '  httpGet: {port: 8080, host: 127.0.0.1}',
  '  periodSeconds: 1',
  '  failureThreshold: 1',
];
const restartAll = [
  'restartPolicy: Never',
  'restartPolicyRules:',
  '- action: RestartAllContainers',
  '  exitCodes: {operator: In, values: [42]}',
];
const container = (name: string, ...lines: string[]) => [`- name: ${name}`, '  image: example/app:1', ...lines];

async function running(spec: readonly string[] = [], app: readonly string[] = []): Promise<AgentHarness> {
  const harness = new AgentHarness();
  harness.answer = () => 200;
  harness.files.seed(`${manifestsDir}/web.yaml`, webManifest(spec, app));
  await harness.start();
  return harness;
}

const statusOf = (harness: AgentHarness): PodStatus | undefined => harness.pod()?.pod.status;
const appOf = (harness: AgentHarness): ContainerStatus | undefined => statusOf(harness)?.containerStatuses?.[0];
const startsOf = (harness: AgentHarness) =>
  harness.runtime.mutations().filter((call) => call.startsWith('startContainer'));

test('a file that comes back while its pod is being stopped: the pod runs again, restartCount 1', async () => {
  const harness = await running(['terminationGracePeriodSeconds: 20']);
  harness.runtime.behave('app', { stopsAfterMs: 5000 });
  const text = webManifest(['terminationGracePeriodSeconds: 20']);
  await harness.remove('web.yaml');
  await harness.advance(1000);
  await harness.write('web.yaml', text);
  assert.equal(startsOf(harness).length, 1, 'a stop that was begun is finished');
  await harness.advance(5000);
  assert.equal(statusOf(harness)?.phase, 'Running');
  assert.equal(appOf(harness)?.restartCount, 1);
  await harness.advance(30_000);
  assert.equal(startsOf(harness).length, 2);
  await harness.remove('web.yaml');
  await harness.advance(6000);
  assert.equal(harness.runtime.containers.size + harness.runtime.sandboxes.size, 0);
  await harness.stop();
});

test('a container killed for its liveness probe is restarted under OnFailure though it exits with 0, also by the next agent', async () => {
  const harness = await running(['restartPolicy: OnFailure', 'terminationGracePeriodSeconds: 9'], liveness);
  await harness.advance(3000);
  harness.runtime.behave('app', { stopsAfterMs: 4000 });
  harness.answer = () => 500;
  await harness.advance(2000);
  harness.kill();
  harness.answer = () => 200;
  await harness.start();
  await harness.advance(5000);
  assert.equal(appOf(harness)?.restartCount, 1);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('activeDeadlineSeconds run on over restarts of the agent; then the pod has failed and is not run again', async () => {
  const harness = await running(['activeDeadlineSeconds: 60']);
  await harness.advance(30_000);
  await harness.restart();
  await harness.advance(29_000);
  assert.equal(harness.running().length, 1);
  await harness.advance(2000);
  assert.equal(harness.running().length, 0);
  assert.deepEqual([statusOf(harness)?.phase, statusOf(harness)?.reason], ['Failed', 'DeadlineExceeded']);
  await harness.restart();
  await harness.advance(60_000);
  assert.equal(startsOf(harness).length, 1);
  assert.equal(statusOf(harness)?.reason, 'DeadlineExceeded');
  await harness.stop();
});

test('a pod that has ended is not run again when somebody prunes the runtime, not even by the next agent', async () => {
  const harness = await running(['restartPolicy: Never']);
  harness.runtime.exit(harness.running()[0] ?? '', 0);
  await harness.settle();
  assert.equal(statusOf(harness)?.phase, 'Succeeded');
  harness.runtime.containers.clear();
  harness.runtime.sandboxes.clear();
  await harness.restart();
  await harness.advance(60_000);
  assert.equal(startsOf(harness).length, 1);
  assert.equal(statusOf(harness)?.phase, 'Succeeded');
  await harness.write('web.yaml', webManifest(['restartPolicy: Never', 'hostname: other']));
  await harness.advance(1000);
  assert.equal(startsOf(harness).length, 2);
  await harness.stop();
});

test('the rule RestartAllContainers runs everything again, init containers first, once each time', async () => {
  const harness = new AgentHarness();
  harness.runtime.behave('init', { exitsAfterMs: 0, exitCode: 0 });
  const inits = [
    'restartPolicy: Never',
    'initContainers:',
    ...container('init'),
    ...container('side', '  restartPolicy: Always'),
  ];
  const text =
    webManifest(inits, restartAll) +
    container('regular')
      .map((line) => `  ${line}\n`)
      .join('');
  harness.files.seed(`${manifestsDir}/web.yaml`, text);
  await harness.start();
  await harness.advance(1000);
  const before = startsOf(harness).length;
  harness.runtime.exit(harness.running()[0] ?? '', 42);
  await harness.advance(5000);
  const names = startsOf(harness)
    .slice(before)
    .map((call) => call.split('/')[1]);
  assert.deepEqual(names, ['init', 'side', 'app', 'regular']);
  const all = [...(statusOf(harness)?.initContainerStatuses ?? []), ...(statusOf(harness)?.containerStatuses ?? [])];
  assert.deepEqual(
    all.map(({ restartCount, lastState }) => [restartCount, lastState.terminated !== undefined]),
    Array(4).fill([1, true]),
  );
  assert.equal(harness.runtime.sandboxes.size, 1);
  await harness.restart();
  await harness.advance(60_000);
  assert.equal(startsOf(harness).length, before + 4);
  await harness.stop();
});

test('a clock that is set neither holds a restart for ever nor lets one skip its back-off', async () => {
  for (const byMs of [-86_400_000, 86_400_000]) {
    const harness = await running();
    const crash = async () => {
      harness.runtime.exit(harness.running()[0] ?? '', 1);
      await harness.settle();
    };
    await crash();
    await harness.advance(2000);
    await crash();
    harness.clock.set(byMs);
    await harness.advance(8000);
    assert.equal(harness.running().length, 0, `set by ${byMs} ms, after 8 s`);
    await harness.advance(3000);
    assert.equal(harness.running().length, 1, `set by ${byMs} ms, after 11 s`);
    await harness.stop();
  }
});

test('a sandbox killed by hand: a new one, all containers again, restartCount + 1', async () => {
  const harness = await running(['initContainers:', ...container('side', '  restartPolicy: Always')]);
  const [sandbox] = harness.runtime.sandboxes.keys();
  harness.runtime.killSandbox(sandbox ?? '');
  await harness.advance(1000);
  const counts = [statusOf(harness)?.initContainerStatuses?.[0], appOf(harness)].map((status) => status?.restartCount);
  assert.deepEqual(counts, [1, 1]);
  const standing = [...harness.runtime.sandboxes.values()].filter(({ ready }) => ready);
  assert.deepEqual(
    standing.map(({ attempt }) => attempt),
    [1],
  );
  await harness.stop();
});

test('a container removed by hand is made again, and its count goes on from its logs', async () => {
  const harness = await running();
  for (let times = 0; times < 2; times++) {
    const [id = ''] = harness.running();
    harness.files.seed(harness.runtime.containers.get(id)?.logPath ?? '', 'said');
    harness.runtime.containers.delete(id);
    harness.runtime.hintEverything();
    await harness.advance(1000);
  }
  assert.equal(appOf(harness)?.restartCount, 2);
  await harness.stop();
});
