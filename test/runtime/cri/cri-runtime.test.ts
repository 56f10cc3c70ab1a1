import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createCriRuntime } from '../../../src/runtime/cri/cri-runtime.ts';
import { labels } from '../../../src/runtime/labels.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { aContainerConfig, aSandboxConfig } from '../../fakes/runtime-builders.ts';

const pod = { namespace: 'default', name: 'web-node1' };

describe('pods in a CRI runtime', () => {
  let cri: FakeCri;
  let runtime: ContainerRuntime;
  let clock: FakeClock;

  const open = (owner: string) =>
    createCriRuntime({ host: nodeHost, clock, log: recordingLog(), owner, socketPath: cri.socketPath });

  beforeEach(async () => {
    cri = await new FakeCri().start();
    clock = new FakeClock();
    runtime = open('root-1');
  });

  afterEach(async () => {
    await runtime.close();
    await cri.stop();
  });

  it('are seen with what they were made with', async () => {
    const sandbox = aSandboxConfig({ attempt: 2, labels: { app: 'web' }, annotations: { note: 'x' } });
    const sandboxId = await runtime.createSandbox(sandbox);
    const id = await runtime.startContainer(sandboxId, sandbox, aContainerConfig({ attempt: 3 }));
    const [seen, ...others] = await runtime.observePods();
    assert.deepEqual(others, []);
    assert.deepEqual(seen?.pod, sandbox.pod);
    const [box] = seen.sandboxes;
    assert.deepEqual([box?.id, box?.attempt, box?.ready, box?.hostNetwork], [sandboxId, 2, true, false]);
    assert.deepEqual([box?.ips, box?.labels.app, box?.annotations.note], [['10.88.0.2'], 'web', 'x']);
    const [app] = seen.containers;
    assert.deepEqual([app?.id, app?.name, app?.attempt, app?.state], [id, 'app', 3, 'running']);
    assert.deepEqual([app?.image, app?.imageId], ['registry.example/app:1', 'sha256:1111']);
    assert.equal(app?.logPath, aContainerConfig().logPath);
    assert.deepEqual(app?.annotations, {});
  });

  it('are only those of this root directory, others being told apart', async () => {
    const other = open('root-2');
    await other.createSandbox(aSandboxConfig({ pod: { ...pod, uid: 'fedc' } }));
    assert.deepEqual(await runtime.observePods(), []);
    assert.deepEqual(
      (await runtime.observeForeign(pod)).map(({ pod: { uid }, foreign }) => [uid, foreign]),
      [['fedc', true]],
    );
    assert.match((await runtime.foreignPods(pod)).join(), /of UID fedc/);
    assert.deepEqual(await other.foreignPods(pod), []);
    await other.close();
  });

  it('cost one question for each change, not for each look', async () => {
    const sandbox = aSandboxConfig();
    const id = await runtime.startContainer(await runtime.createSandbox(sandbox), sandbox, aContainerConfig());
    for (let look = 0; look < 3; look++) await runtime.observePods();
    assert.equal(cri.requestsOf('ContainerStatus').length, 1);
    assert.equal(cri.requestsOf('PodSandboxStatus').length, 1);
    await runtime.stopContainer(id, 5);
    const [seen] = await runtime.observePods();
    assert.deepEqual([seen?.containers[0]?.state, seen?.containers[0]?.exitCode], ['exited', 143]);
    assert.equal(cri.requestsOf('StopContainer')[0]?.timeout, 5);
  });

  it('are asked about again after an end, as long as an OOM kill may yet be told', async () => {
    const sandbox = aSandboxConfig();
    const id = await runtime.startContainer(await runtime.createSandbox(sandbox), sandbox, aContainerConfig());
    const finishedAt = clock.now() * 1e6;
    cri.state.change(id, { state: 'CONTAINER_EXITED', exitCode: 137, finishedAt, reason: 'Error' });
    const reason = async () => (await runtime.observePods())[0]?.containers[0]?.reason;
    assert.equal(await reason(), 'Error');
    cri.state.change(id, { reason: 'OOMKilled' });
    assert.equal(await reason(), 'OOMKilled');
    await clock.advance(3000);
    await reason();
    const asked = cri.requestsOf('ContainerStatus').length;
    assert.equal(await reason(), 'OOMKilled');
    assert.equal(cri.requestsOf('ContainerStatus').length, asked);
  });

  it('are taken as they are when made twice with the same name and attempt', async () => {
    const sandbox = aSandboxConfig();
    const sandboxId = await runtime.createSandbox(sandbox);
    assert.equal(await runtime.createSandbox(sandbox), sandboxId);
    const id = await runtime.startContainer(sandboxId, sandbox, aContainerConfig());
    assert.equal(await runtime.startContainer(sandboxId, sandbox, aContainerConfig()), id);
    assert.equal(cri.requestsOf('StartContainer').length, 1);
  });

  it('go on where a killed agent left off: a container that was only made is started', async () => {
    const sandbox = aSandboxConfig();
    const sandboxId = await runtime.createSandbox(sandbox);
    cri.on('StartContainer', new CriFailure(2, 'the agent died here'));
    await assert.rejects(runtime.startContainer(sandboxId, sandbox, aContainerConfig()), /the agent died here/);
    cri.on('StartContainer', () => undefined);
    const id = await runtime.startContainer(sandboxId, sandbox, aContainerConfig());
    assert.equal(cri.state.containers.get(id)?.state, 'CONTAINER_RUNNING');
    assert.equal(cri.state.containers.size, 1);
  });

  it('are not made over a dead sandbox of the same attempt, which is removed for the next try', async () => {
    const sandbox = aSandboxConfig();
    const dead = await runtime.createSandbox(sandbox);
    await runtime.stopSandbox(dead);
    await assert.rejects(runtime.createSandbox(sandbox), /left half made; now it is gone/);
    assert.notEqual(await runtime.createSandbox(sandbox), dead);
  });

  it('leave alone what has the same name and belongs to somebody else', async () => {
    const other = open('root-2');
    const sandbox = aSandboxConfig();
    const sandboxId = await other.createSandbox(sandbox);
    await assert.rejects(
      runtime.createSandbox(sandbox),
      /belongs to another root directory \(owner root-2\); it is left/,
    );
    assert.equal(cri.state.sandboxes.get(sandboxId)?.state, 'SANDBOX_READY');
    await other.close();
  });

  it('say that the name is still held when nobody shows what holds it', async () => {
    cri.on('RunPodSandbox', new CriFailure(2, 'failed to reserve sandbox name "x": name "x" is reserved for "77"'));
    await assert.rejects(
      runtime.createSandbox(aSandboxConfig()),
      /cannot create the sandbox of .*is reserved for "77"/,
    );
  });

  it('are removed once containerd has settled what it is starting', async () => {
    let asked = 0;
    cri.on('RemoveContainer', () => {
      asked += 1;
      if (asked > 2) return undefined;
      return new CriFailure(2, 'failed to set removing state: container is in starting state, can’t be removed');
    });
    const sandbox = aSandboxConfig();
    const id = await runtime.startContainer(await runtime.createSandbox(sandbox), sandbox, aContainerConfig());
    let done = false;
    const removing = runtime.removeContainer(id).then(() => {
      done = true;
    });
    while (!done) {
      await clock.advance(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await removing;
    assert.equal(asked, 3);
  });

  it('are gone without complaint when they were gone already', async () => {
    const gone = new CriFailure(5, 'an error occurred when try to find it: not found');
    for (const method of ['StopContainer', 'RemoveContainer', 'StopPodSandbox', 'RemovePodSandbox'] as const) {
      cri.on(method, gone);
    }
    await runtime.stopContainer('77', 30);
    await runtime.removeContainer('77');
    await runtime.stopSandbox('77');
    await runtime.removeSandbox('77');
  });

  it('vanish between list and status without complaint', async () => {
    const sandbox = aSandboxConfig();
    await runtime.startContainer(await runtime.createSandbox(sandbox), sandbox, aContainerConfig());
    cri.on('ContainerStatus', new CriFailure(5, 'not found'));
    const [seen] = await runtime.observePods();
    assert.deepEqual([seen?.sandboxes.length, seen?.containers.length], [1, 0]);
  });

  it('carry the owner, whatever the labels of the pod say', async () => {
    await runtime.createSandbox(aSandboxConfig({ labels: { [labels.owner]: 'me', [labels.podName]: 'x' } }));
    const [request] = cri.requestsOf('RunPodSandbox');
    assert.equal(request?.config.labels[labels.owner], 'root-1');
    assert.equal(request?.config.labels[labels.podName], 'web-node1');
  });

  it('are not started with what the runtime cannot do', async () => {
    const sandbox = aSandboxConfig();
    const mounts = [
      { hostPath: '', containerPath: '/i', readOnly: true, propagation: 'private' as const, image: { reference: 'x' } },
    ];
    const refused = runtime.startContainer('1', sandbox, aContainerConfig({ mounts }));
    await assert.rejects(refused, /web-node1 cannot run here: container app: image volumes \(\/i\)/);
    assert.deepEqual(cri.requestsOf('CreateContainer'), []);
  });
});
