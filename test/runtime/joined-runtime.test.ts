import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinedRuntime } from '../../src/runtime/joined-runtime.ts';
import { placeText, readPlace, typeOfContainerId } from '../../src/runtime/place.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeRuntime } from '../fakes/fake-runtime.ts';
import { aContainerConfig, aSandboxConfig } from '../fakes/runtime-builders.ts';

const place = { type: 'process' } as const;

function twoRuntimes() {
  const clock = new FakeClock();
  const [wanted, former] = [new FakeRuntime(clock), new FakeRuntime(clock, 1000)];
  for (const runtime of [wanted, former]) runtime.images.add('example/app:1');
  return { wanted, former, joined: joinedRuntime(wanted, [{ place, runtime: former }]) };
}

test('a sandbox is made in the wanted runtime, in a former one only where its configuration says so', async () => {
  const { wanted, former, joined } = twoRuntimes();
  await joined.createSandbox(aSandboxConfig());
  await joined.createSandbox(aSandboxConfig({ attempt: 1, former: 'process' }));
  assert.deepEqual([wanted.sandboxes.size, former.sandboxes.size], [1, 1]);
  const [pod, ...more] = await joined.observePods();
  assert.deepEqual(more, [], 'a pod in two runtimes is one');
  assert.deepEqual(
    pod?.sandboxes.map((sandbox) => sandbox.former),
    [undefined, 'process'],
  );
});

test('what is done to a container is done where it is', async () => {
  const { former, joined } = twoRuntimes();
  const config = aSandboxConfig({ former: 'process' });
  const sandbox = await joined.createSandbox(config);
  const id = await joined.startContainer(sandbox, config, aContainerConfig());
  await joined.stopContainer(id, 5);
  await joined.removeContainer(id);
  await joined.removeSandbox(sandbox);
  assert.deepEqual(
    former.mutations().map((call) => call.split(' ')[0]),
    ['createSandbox', 'startContainer', 'stopContainer', 'removeContainer', 'removeSandbox'],
  );
});

test('an engine that two endpoints lead to is one: nothing of it is former', async () => {
  const { wanted } = twoRuntimes();
  await wanted.createSandbox(aSandboxConfig());
  const joined = joinedRuntime(wanted, [{ place, runtime: wanted }]);
  const pods = await joined.observePods();
  assert.deepEqual(
    pods.flatMap(({ sandboxes }) => sandboxes).map(({ former }) => former),
    [undefined],
  );
});

test('a former runtime that does not answer fails the look, and says which', async () => {
  const { former, joined } = twoRuntimes();
  former.failNext('observePods', 'connection refused');
  await assert.rejects(joined.observePods(), /process, which pods move out of, .*: connection refused/);
});

test('the name of a place says all that is needed to find it again', () => {
  const docker = { type: 'docker', endpoint: 'unix:///var/run/docker.sock' } as const;
  assert.deepEqual(readPlace(placeText(docker)), docker);
  assert.equal(readPlace('podman unix:///run/podman.sock'), undefined);
  assert.deepEqual(['docker://1', 'process://1', 'containerd://1'].map(typeOfContainerId), [
    'docker',
    'process',
    'cri',
  ]);
});
