import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { FakeDockerEngine } from '../../fakes/docker-engine.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const container = 'c'.repeat(64);
const group = '/sys/fs/cgroup/docker/c';

describe('what containers use', () => {
  let engine: FakeDockerEngine;
  let runtime: ContainerRuntime;
  let files: Record<string, string>;

  beforeEach(async () => {
    engine = await new FakeDockerEngine().start();
    engine.on('GET', /\/json$/, { json: { State: { Running: true, Pid: 4711 } } });
    engine.on('GET', /\/stats$/, {
      json: {
        cpu_stats: { cpu_usage: { total_usage: 77 } },
        memory_stats: { usage: 100, limit: 1000, stats: { inactive_file: 40, anon: 30, pgfault: 2, pgmajfault: 1 } },
      },
    });
    files = {
      '/proc/self/mountinfo': '30 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      '/proc/4711/cgroup': '0::/docker/c\n',
      [`${group}/cpu.stat`]: 'usage_usec 5\n',
      [`${group}/memory.current`]: '200\n',
      [`${group}/memory.stat`]: 'anon 10\ninactive_file 50\npgfault 3\npgmajfault 0\n',
      [`${group}/memory.max`]: 'max\n',
    };
    const host = { ...nodeHost, readText: async (path: string) => files[path] };
    const log = recordingLog();
    runtime = createDockerRuntime({
      host,
      clock: new FakeClock(),
      log,
      owner: 'root-1',
      socketPath: engine.socketPath,
    });
  });
  afterEach(async () => {
    await runtime.close();
    await engine.stop();
  });

  it('is read from their control groups, and the engine is asked once where those are', async () => {
    const [stats] = await runtime.stats([container]);
    assert.deepEqual([stats?.id, stats?.cpuNanoseconds, stats?.workingSetBytes], [container, 5000, 150]);
    await runtime.stats([container]);
    assert.deepEqual(engine.calls(), [`GET /containers/${container}/json`]);
  });

  it('is the engine’s own figures where the groups are not to be seen from here', async () => {
    delete files['/proc/4711/cgroup'];
    const [stats] = await runtime.stats([container]);
    const { id: _, atMs: __, ...usage } = stats ?? {};
    assert.deepEqual(usage, {
      cpuNanoseconds: 77,
      usageBytes: 100,
      workingSetBytes: 60,
      rssBytes: 30,
      pageFaults: 2,
      majorPageFaults: 1,
      limitBytes: 1000,
    });
    const [, asked] = engine.requests;
    assert.deepEqual([asked?.query.get('stream'), asked?.query.get('one-shot')], ['false', 'true']);
  });

  it('leaves out what does not run or is gone', async () => {
    engine.on('GET', /\/json$/, { json: { State: { Running: false, Pid: 0 } } });
    assert.deepEqual(await runtime.stats([container]), []);
    engine.on('GET', /\/json$/, { status: 404, json: { message: 'no such container' } });
    assert.deepEqual(await runtime.stats([container]), []);
  });

  it('looks again where a group is once it has gone', async () => {
    await runtime.stats([container]);
    delete files[`${group}/cpu.stat`];
    files['/proc/4711/cgroup'] = '0::/elsewhere\n';
    for (const name of ['memory.current', 'memory.stat'])
      files[`/sys/fs/cgroup/elsewhere/${name}`] = files[`${group}/${name}`] ?? '';
    files['/sys/fs/cgroup/elsewhere/cpu.stat'] = 'usage_usec 9\n';
    assert.equal((await runtime.stats([container]))[0]?.cpuNanoseconds, 9000);
  });
});
