import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { FakeDockerEngine } from '../../fakes/docker-engine.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { until } from '../../fakes/until.ts';

const container = 'c'.repeat(64);

describe('commands in containers that do not end in time', () => {
  let engine: FakeDockerEngine;
  let clock: FakeClock;
  let log: ReturnType<typeof recordingLog>;
  let runtime: ContainerRuntime;
  let files: Record<string, string>;
  let killed: number[];
  let running: boolean;
  let killTree: (pid: number) => Promise<void>;

  beforeEach(async () => {
    engine = await new FakeDockerEngine().start();
    clock = new FakeClock();
    log = recordingLog();
    files = {};
    killed = [];
    running = true;
    killTree = async (pid) => {
      killed.push(pid);
      running = false;
    };
    const host = {
      ...nodeHost,
      killTree: (pid: number) => killTree(pid),
      readText: async (path: string) => files[path],
      list: async () => ['1', '4711', 'self'],
    };
    runtime = createDockerRuntime({ host, clock, log, owner: 'root-1', socketPath: engine.socketPath });
    engine.on('POST', /containers\/.*\/exec$/, { status: 201, json: { Id: 'e1' } });
    engine.on('POST', /exec\/e1\/start$/, 'hang');
    engine.on('GET', /exec\/e1\/json$/, () => ({
      json: { Running: running, ExitCode: running ? null : 137, Pid: 99 },
    }));
  });
  afterEach(async () => {
    await runtime.close();
    await engine.stop();
  });

  const began = () => engine.calls().filter((call) => /start$/.test(call)).length;

  async function overdue(): Promise<{ readonly timedOut: boolean }> {
    const before = began();
    const result = runtime.exec(container, ['check'], 1000);
    await until(() => began() > before);
    for (let turns = 0; turns < 200; turns++) await clock.advance(turns === 0 ? 1000 : 20);
    return result;
  }

  it('are killed by the pid that Docker tells, when it is in the container', async () => {
    files['/proc/99/cgroup'] = `0::/docker/${container}\n`;
    assert.equal((await overdue()).timedOut, true);
    assert.deepEqual(killed, [99]);
  });

  it('are found by their other pid when dockerd lives in a pid namespace of its own', async () => {
    files['/proc/99/cgroup'] = '0::/user.slice\n';
    files['/proc/4711/cgroup'] = `0::/docker/${container}\n`;
    files['/proc/4711/status'] = 'Name:\tcheck\nNSpid:\t4711\t99\t7\n';
    assert.equal((await overdue()).timedOut, true);
    assert.deepEqual(killed, [4711]);
  });

  it('are never killed by a pid that is somebody else’s here, and not begun again before they have ended', async () => {
    files['/proc/99/cgroup'] = '0::/user.slice\n';
    assert.equal((await overdue()).timedOut, true);
    assert.deepEqual(killed, []);
    assert.match(log.warnings[0] ?? '', /cannot be seen from here/);
    assert.equal((await runtime.exec(container, ['check'], 1000)).timedOut, true);
    assert.equal(began(), 1);
    assert.equal(log.warnings.length, 1);
    running = false;
    assert.equal((await overdue()).timedOut, false);
    assert.equal(began(), 2);
  });

  it('are killed also when they begin only after their time', async () => {
    files['/proc/99/cgroup'] = `0::/docker/${container}\n`;
    let looks = 0;
    engine.on('GET', /exec\/e1\/json$/, () => {
      looks += 1;
      const json =
        looks < 4
          ? { Running: false, ExitCode: null, Pid: 0 }
          : { Running: running, ExitCode: running ? null : 137, Pid: 99 };
      return { json };
    });
    assert.equal((await overdue()).timedOut, true);
    assert.deepEqual(killed, [99]);
  });

  it('go on, said once, when this user may not end them', async () => {
    files['/proc/99/cgroup'] = `0::/docker/${container}\n`;
    killTree = () => Promise.reject(Object.assign(new Error('kill EPERM'), { code: 'EPERM' }));
    assert.equal((await overdue()).timedOut, true);
    assert.match(log.warnings[0] ?? '', /this user may not end them: kill EPERM/);
  });
});
