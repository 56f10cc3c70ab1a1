import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { CriClient } from '../../../src/runtime/cri/client.ts';
import { moveLog } from '../../../src/runtime/cri/logs.ts';
import { criStats } from '../../../src/runtime/cri/stats.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const id = 'c0ffee';
const log = { id, path: '/l/0.log' };

async function aRuntime(context: TestContext) {
  const cri = await new FakeCri().start();
  const clock = new FakeClock();
  const client = new CriClient({ socketPath: cri.socketPath, clock });
  context.after(async () => {
    client.close();
    await cri.stop();
  });
  return { cri, clock, client };
}

test('a log is renamed, and the runtime told to begin a new one', async (context) => {
  const { cri, client } = await aRuntime(context);
  const host = new MemoryHost({ '/l/0.log': 'old' });
  cri.on('ReopenContainerLog', () => {
    assert.equal(host.text('/l/0.log.1'), 'old');
    host.seed('/l/0.log', '');
    return {};
  });
  await moveLog({ client, host }, log, '/l/0.log.1');
  assert.deepEqual(cri.requestsOf('ReopenContainerLog'), [{ containerId: id }]);
  assert.equal(host.text('/l/0.log.1'), 'old');
});

test('a log that the runtime goes on writing has its name back', async (context) => {
  const { cri, client } = await aRuntime(context);
  const host = new MemoryHost({ '/l/0.log': 'old' });
  cri.on('ReopenContainerLog', new CriFailure(2, 'container is not running'));
  await assert.rejects(moveLog({ client, host }, log, '/l/0.log.1'), /cannot begin a new log for container c0ffee/);
  assert.deepEqual([host.text('/l/0.log'), host.text('/l/0.log.1')], ['old', undefined]);
});

test('what a container uses is the runtime’s word where its group is not to be seen', async (context) => {
  const { cri, clock, client } = await aRuntime(context);
  cri.on('ContainerStatus', ({ containerId }) =>
    containerId === id
      ? { status: { state: 'CONTAINER_RUNNING' } as never, info: {} }
      : { status: { state: 'CONTAINER_EXITED' } as never, info: {} },
  );
  cri.on('ContainerStats', {
    stats: {
      attributes: null,
      cpu: { timestamp: 1, usageCoreNanoSeconds: { value: 5e9 } },
      memory: { timestamp: 1, workingSetBytes: { value: 4096 } } as never,
    },
  });
  const seen = await criStats({ client, clock, host: new MemoryHost({}) as never }).of([id, 'ended']);
  assert.equal(seen.length, 1);
  const { id: of, cpuNanoseconds, usageBytes, workingSetBytes } = seen[0] ?? assert.fail();
  assert.deepEqual([of, cpuNanoseconds, usageBytes, workingSetBytes], [id, 5e9, 4096, 4096]);
});
