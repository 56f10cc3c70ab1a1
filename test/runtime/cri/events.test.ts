import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createCriRuntime } from '../../../src/runtime/cri/cri-runtime.ts';
import type { ContainerRuntime, RuntimeEvent } from '../../../src/runtime/runtime.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { aContainerConfig, aSandboxConfig } from '../../fakes/runtime-builders.ts';
import { until } from '../../fakes/until.ts';

const unimplemented = 12;

/** Messages for a stream, given one after another. */
class Feed<T> {
  #given: T[] = [];
  #wake = Promise.withResolvers<void>();
  #over = false;
  readers = 0;

  give(message: T): void {
    this.#given.push(message);
    this.#wake.resolve();
  }

  end(): void {
    this.#over = true;
    this.#wake.resolve();
  }

  async *read(signal: AbortSignal): AsyncGenerator<T> {
    this.readers += 1;
    signal.addEventListener('abort', () => this.#wake.resolve());
    while (!signal.aborted) {
      yield* this.#given.splice(0);
      if (this.#over) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}

type TaskEvent = { topic: string; event: { typeUrl: string; value: { containerId: string } } };

describe('the events of a CRI runtime', () => {
  let cri: FakeCri;
  let clock: FakeClock;
  let runtime: ContainerRuntime;
  let log: ReturnType<typeof recordingLog>;
  let seen: RuntimeEvent[];
  let stop: AbortController;
  let reading: Promise<void>;
  let tasks: Feed<TaskEvent>;
  let id: string;
  let sandboxId: string;

  beforeEach(async () => {
    cri = await new FakeCri().start();
    clock = new FakeClock();
    log = recordingLog();
    tasks = new Feed();
    seen = [];
    stop = new AbortController();
    reading = Promise.resolve();
    runtime = createCriRuntime({ host: nodeHost, clock, log, owner: 'root-1', socketPath: cri.socketPath });
    sandboxId = await runtime.createSandbox(aSandboxConfig());
    id = await runtime.startContainer(sandboxId, aSandboxConfig(), aContainerConfig());
  });
  afterEach(async () => {
    stop.abort();
    await reading;
    await runtime.close();
    await cri.stop();
  });

  const read = () => {
    reading = (async () => {
      for await (const event of runtime.events(stop.signal)) seen.push(event);
    })();
  };
  const hints = () => seen.map(({ pod, what }) => `${pod?.name ?? '*'} ${what.split(' ')[0]}`);
  const fromContainerd = () => cri.onStream('Subscribe', (_request, signal) => tasks.read(signal));
  const happens = (topic: string, containerId: string) =>
    tasks.give({ topic, event: { typeUrl: '', value: { containerId } } });
  const exit = () => {
    const container = cri.state.containers.get(id);
    assert.ok(container);
    cri.state.containers.set(id, { ...container, state: 'CONTAINER_EXITED', finishedAt: 1, exitCode: 1 });
  };

  it('come from containerd itself before 2.0, where CRI’s own reach one listener only', async () => {
    fromContainerd();
    cri.onStream('GetContainerEvents', () => assert.fail('asked for'));
    read();
    await until(() => hints().length === 1);
    assert.deepEqual(hints(), ['* connected']);
  });

  it('hint at the pod of a container that ended once the runtime says so, not before', async () => {
    fromContainerd();
    read();
    await until(() => tasks.readers === 1);
    happens('/tasks/delete', id);
    await until(() => cri.requestsOf('ListContainers').length === 1);
    assert.deepEqual(hints(), ['* connected']);
    exit();
    await clock.advance(10);
    await until(() => hints().length === 2);
    assert.deepEqual(seen[1]?.pod, { name: 'web-node1', namespace: 'default', uid: aSandboxConfig().pod.uid });
  });

  it('name the pod of what is gone already, when it was seen before', async () => {
    fromContainerd();
    await runtime.observePods();
    read();
    await until(() => tasks.readers === 1);
    cri.state.containers.delete(id);
    happens('/tasks/delete', id);
    happens('/containers/delete', id);
    await until(() => hints().length === 3);
    assert.deepEqual(hints().slice(1).sort(), ['web-node1 gone', 'web-node1 removed']);
  });

  it('leave out what belongs to others, and hint at everything for what nobody knows', async () => {
    fromContainerd();
    const other = createCriRuntime({ host: nodeHost, clock, log, owner: 'root-2', socketPath: cri.socketPath });
    const foreign = await other.createSandbox(aSandboxConfig({ attempt: 1 }));
    await other.close();
    read();
    await until(() => tasks.readers === 1);
    happens('/tasks/delete', foreign);
    happens('/tasks/delete', 'unheard-of');
    await until(() => hints().length === 2);
    assert.deepEqual(hints(), ['* connected', '* something']);
  });

  it('are CRI’s own where these reach everybody', async () => {
    cri.on('Version', { runtimeName: 'containerd', runtimeVersion: 'v2.1.4', runtimeApiVersion: 'v1' });
    const sandbox = cri.state.sandboxes.get(sandboxId);
    const own = new Feed<object>();
    cri.onStream('GetContainerEvents', (_request, signal) => own.read(signal));
    read();
    await until(() => own.readers === 1);
    const about = { containerId: id, podSandboxStatus: sandbox };
    own.give({ ...about, containerEventType: 'CONTAINER_STARTED_EVENT' });
    own.give({ ...about, containerEventType: 'CONTAINER_STOPPED_EVENT' });
    await until(() => hints().length === 2);
    assert.deepEqual(hints(), ['* connected', 'web-node1 ended']);
  });

  it('are found by listing each second where the runtime tells of none', async () => {
    cri.on('Version', { runtimeName: 'cri-o', runtimeVersion: '1.24.0', runtimeApiVersion: 'v1' });
    read();
    await until(() => hints().at(-1) === '* connected' && cri.requestsOf('ListContainers').length > 0);
    exit();
    await clock.advance(1000);
    await until(() => hints().length > 2);
    assert.match(hints().at(-1) ?? '', /^web-node1 /);
    const before = hints().length;
    await clock.advance(5000);
    assert.equal(hints().length, before);
  });

  it('come again after the runtime was away, with the hint at everything, and it is said once', async () => {
    fromContainerd();
    read();
    await until(() => tasks.readers === 1);
    await cri.die();
    for (let turn = 0; turn < 20; turn++) await clock.advance(1000);
    await until(() => log.warnings.length > 0);
    assert.match(log.warnings.join('\n'), /no events from the container runtime: .*; trying again/);
    assert.ok(log.warnings.length <= 2, log.warnings.join('\n'));
    assert.deepEqual(hints(), ['* connected']);
    await cri.listen();
    await until(() => {
      void clock.advance(1000);
      return hints().length === 2;
    });
    assert.deepEqual(hints(), ['* connected', '* connected']);
  });

  it('that end by the runtime’s doing are asked for again, no faster than every 50 ms', async () => {
    fromContainerd();
    read();
    await until(() => tasks.readers === 1);
    tasks.end();
    await until(() => log.warnings.length === 1);
    const asked = cri.requestsOf('Version').length;
    await clock.advance(49);
    assert.equal(cri.requestsOf('Version').length, asked);
    await clock.advance(51);
    await until(() => cri.requestsOf('Version').length > asked);
  });

  it('stop with the signal, also while the runtime is away', async () => {
    cri.on('Version', new CriFailure(unimplemented, 'no'));
    read();
    await until(() => log.warnings.length === 1);
    stop.abort();
    await reading;
    assert.deepEqual(hints(), []);
  });
});
