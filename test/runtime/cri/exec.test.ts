import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { CriClient } from '../../../src/runtime/cri/client.ts';
import { createCriRuntime } from '../../../src/runtime/cri/cri-runtime.ts';
import { execInContainer } from '../../../src/runtime/cri/exec.ts';
import { killLeft } from '../../../src/runtime/cri/kill-left.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { until } from '../../fakes/until.ts';

const id = 'c0ffee';
const deadlineExceeded = 4;

describe('commands in containers of a CRI runtime', () => {
  let cri: FakeCri;
  let clock: FakeClock;
  let runtime: ContainerRuntime;

  beforeEach(async () => {
    cri = await new FakeCri().start();
    clock = new FakeClock();
    const { socketPath } = cri;
    runtime = createCriRuntime({ host: nodeHost, clock, log: recordingLog(), owner: 'root-1', socketPath });
  });
  afterEach(async () => {
    await runtime.close();
    await cri.stop();
  });

  it('give both outputs, cut to 10 KiB, and the exit code; time is told in whole seconds', async () => {
    cri.on('ExecSync', { exitCode: 3, stdout: Buffer.from('out\n'), stderr: Buffer.alloc(20_000, 'e') });
    const { exitCode, output, timedOut } = await runtime.exec(id, ['true'], 1500);
    assert.deepEqual([exitCode, timedOut, output.length], [3, false, 10 * 1024]);
    assert.match(output, /^out\nee/);
    assert.deepEqual(cri.requestsOf('ExecSync'), [{ containerId: id, cmd: ['true'], timeout: 10 }]);
  });

  it('that the runtime killed for their time count as timed out, other failures are told', async () => {
    cri.on('ExecSync', new CriFailure(deadlineExceeded, 'timeout 1s exceeded: context deadline exceeded'));
    assert.deepEqual(await runtime.exec(id, ['sleep'], 1000), { exitCode: 137, output: '', timedOut: true });
    cri.on('ExecSync', new CriFailure(5, 'not found'));
    await assert.rejects(runtime.exec(id, ['sleep'], 1000), /cannot run sleep in container c0ffee: not found/);
  });

  it('that a hung runtime does not end are left with an error, not counted as timed out', async () => {
    cri.on('ExecSync', 'hang');
    cri.on('Version', 'hang');
    const failed = assert.rejects(runtime.exec(id, ['sleep'], 1000), /does not end it/);
    await until(() => cri.requestsOf('ExecSync').length === 1);
    await clock.advance(11_000);
    await until(() => cri.requestsOf('Version').length === 1);
    await clock.advance(8000);
    await failed;
  });

  it('whose end the runtime does not tell, though it answers, have timed out', async () => {
    cri.on('ExecSync', 'hang');
    const done = runtime.exec(id, ['sleep'], 1000);
    await until(() => cri.requestsOf('ExecSync').length === 1);
    await clock.advance(11_000);
    assert.deepEqual(await done, { exitCode: 137, output: '', timedOut: true });
  });

  describe('that nobody waits for any more', () => {
    const inside = `11:memory:/kubepods/${id}\n`;
    const process = (pid: number, words: string, at: { readonly parent: number; readonly startedAt: number }) => ({
      [`/proc/${pid}/cgroup`]: inside,
      [`/proc/${pid}/cmdline`]: `${words.replaceAll(' ', '\0')}\0`,
      [`/proc/${pid}/stat`]: `${pid} (a) b) S ${at.parent} 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${at.startedAt} 0\n`,
    });
    const shim = { '/proc/5/cgroup': '11:memory:/\n' };
    const first = process(10, 'sleep 600', { parent: 5, startedAt: 100 });

    async function leave(processes: Readonly<Record<string, string>>, command: readonly string[] = ['sh', '-c', 'x']) {
      cri.on('ContainerStatus', { status: { state: 'CONTAINER_RUNNING' } as never, info: { info: '{"pid":10}' } });
      const killed: number[] = [];
      const warnings: string[] = [];
      const host = Object.assign(new MemoryHost({ ...shim, ...first, ...processes }), {
        killTree: async (pid: number) => void killed.push(pid),
      });
      const client = new CriClient({ socketPath: cri.socketPath, clock });
      let over = false;
      const warn = (message: string) => void warnings.push(message);
      const done = killLeft({ client, clock, host, warn }, { id, command, asked: 1000, ready: 1010 }).then(() => {
        over = true;
      });
      while (!over) await clock.advance(1000);
      await done;
      client.close();
      return { killed, warnings };
    }

    it('are killed by what was begun then from outside of the container, whatever it is called', async () => {
      const own = process(20, 'another name', { parent: 5, startedAt: 1020 });
      const child = process(21, 'child', { parent: 20, startedAt: 1021 });
      const probe = process(22, 'sh -c x', { parent: 5, startedAt: 900 });
      const later = process(23, 'sh -c x', { parent: 5, startedAt: 2000 });
      const { killed, warnings } = await leave({ ...own, ...child, ...probe, ...later });
      assert.deepEqual([killed, warnings], [[20], []]);
    });

    it('are told from others of the same moment by their words, and left where that cannot be', async () => {
      const own = process(20, 'sh -c x', { parent: 5, startedAt: 1020 });
      const other = process(21, 'sh -c y', { parent: 5, startedAt: 1020 });
      assert.deepEqual((await leave({ ...own, ...other })).killed, [20]);
      const { killed, warnings } = await leave({ ...own, ...process(21, 'sh -c x', { parent: 5, startedAt: 1020 }) });
      assert.deepEqual(killed, []);
      assert.match(warnings.join(), /goes on that nobody waits for/);
    });

    describe('or whose time is over', () => {
      async function outlive(processes: Readonly<Record<string, string>>) {
        cri.on('ContainerStatus', { status: { state: 'CONTAINER_RUNNING' } as never, info: { info: '{"pid":10}' } });
        cri.on('ExecSync', 'hang');
        const killed: number[] = [];
        const files = new MemoryHost({ '/proc/uptime': '10.00 1\n', ...shim, ...first, ...processes });
        const host = Object.assign(files, { killTree: async (pid: number) => void killed.push(pid) });
        const client = new CriClient({ socketPath: cri.socketPath, clock });
        const warnings: string[] = [];
        const context = { client, clock, host, warn: (message: string) => void warnings.push(message) };
        const done = execInContainer(context, { id, command: ['sh', '-c', 'x'], timeoutMs: 1000 });
        await until(() => cri.requestsOf('ExecSync').length === 1);
        return { done, killed, warnings, host, client };
      }

      it('are killed', async () => {
        const { done, killed, client } = await outlive(process(20, 'sh -c x', { parent: 5, startedAt: 950 }));
        await clock.advance(1000);
        await until(() => killed.length > 0);
        assert.deepEqual(killed, [20]);
        await clock.advance(10_000);
        assert.equal((await done).timedOut, true);
        client.close();
      });

      it('also when they begin late; what others begin meanwhile is left alone', async () => {
        const other = process(20, 'sh -c y', { parent: 5, startedAt: 950 });
        const { done, killed, host, client } = await outlive(other);
        await clock.advance(1500);
        assert.deepEqual(killed, []);
        const late = process(21, 'sh -c x', { parent: 5, startedAt: 1400 });
        await host.makeDirectory('/proc/21', { mode: 0o755 });
        for (const [path, text] of Object.entries(late)) await host.writeFile(path, text, { mode: 0o600 });
        await clock.advance(500);
        await until(() => killed.length > 0);
        assert.deepEqual(killed, [21]);
        await clock.advance(10_000);
        assert.equal((await done).timedOut, true);
        client.close();
      });

      it('are left to the runtime at once when they cannot be told from others', async () => {
        const twice = [20, 21].map((pid) => process(pid, 'sh -c x', { parent: 5, startedAt: 950 }));
        const { done, killed, warnings, client } = await outlive(Object.assign({}, ...twice));
        await clock.advance(1000);
        assert.equal((await done).timedOut, true);
        assert.deepEqual(killed, []);
        assert.match(warnings.join(), /goes on that nobody waits for/);
        client.close();
      });
    });

    it('and that have ended by then leave nothing to do', async () => {
      assert.deepEqual(await leave({}), { killed: [], warnings: [] });
    });
  });
});
