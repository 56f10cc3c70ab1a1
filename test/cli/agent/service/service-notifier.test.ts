import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeServiceManager } from '../../../../src/cli/agent/service/service-manager.ts';
import { serviceNotifier } from '../../../../src/cli/agent/service/service-notifier.ts';
import { serviceState } from '../../../../src/cli/agent/service/service-state.ts';
import type { Host } from '../../../../src/host/host.ts';
import type { AgentStatus } from '../../../../src/kube/agent-socket.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { aComponentPod, aHost, anAgentStatus } from '../../../fakes/init-context.ts';
import { MemoryHost } from '../../../fakes/memory-host.ts';
import { recordingLog } from '../../../fakes/recording-log.ts';

const minute = 60_000;

/** An agent under a service manager, and what that is told. */
function aService(watchdogMs: number | undefined, change: Partial<Host> = {}) {
  const clock = new FakeClock();
  const log = recordingLog();
  const said: string[] = [];
  const host = aHost(new MemoryHost(), {
    findProgram: async (name) => `/usr/bin/${name}`,
    run: async (_program, words, options) => {
      assert.deepEqual(options?.env, { NOTIFY_SOCKET: '/run/notify' });
      said.push(words.join(' '));
      return { code: 0, stdout: '', stderr: '' };
    },
    ...change,
  });
  const manager = { notifySocket: '/run/notify', ...(watchdogMs === undefined ? {} : { watchdogMs }) };
  return { clock, log, said, service: serviceNotifier({ host, clock, log }, manager) };
}

test('it is ready once, feeds the watchdog at a quarter of its time, and tells a status when it is another one', async () => {
  const { clock, said, service } = aService(3 * minute);
  let status = '0 of 1 pods ready';
  let rounds = 0;
  // What it took to start is not counted.
  await clock.advance(2 * minute);
  service.ready(() => ({ status, rounds: ++rounds }));
  await clock.advance(15_000);
  assert.deepEqual(said, ['READY=1 STATUS=0 of 1 pods ready']);
  status = '1 of 1 pods ready';
  await clock.advance(15_000);
  assert.deepEqual(said.slice(1), ['STATUS=1 of 1 pods ready']);
  await clock.advance(minute);
  assert.deepEqual(said.slice(2), ['WATCHDOG=1', 'WATCHDOG=1']);
  service.end();
  await clock.advance(10 * minute);
  assert.equal(said.length, 4);
});

test('the watchdog starves when the circle stands still, and not before', async () => {
  const { clock, said, service } = aService(3 * minute);
  let rounds = 1;
  service.ready(() => ({ status: 's', rounds }));
  await clock.advance(5 * minute);
  const fed = said.length;
  assert.ok(fed > 4);
  await clock.advance(3 * minute);
  assert.equal(said.length, fed);
  rounds += 1;
  await clock.advance(minute);
  assert.ok(said.length > fed);
  service.end();
});

test('a reload is told before and after, also when it fails', async () => {
  const { clock, said, service } = aService(undefined);
  await service.reloading(async () => {});
  await assert.rejects(service.reloading(() => Promise.reject(new Error('broken'))));
  await clock.advance(1);
  assert.deepEqual(said, ['RELOADING=1', 'READY=1', 'RELOADING=1', 'READY=1']);
});

test('a service manager that cannot be told is one warning, and the agent works on', async () => {
  const { clock, log, service } = aService(1000, { findProgram: async () => undefined });
  service.ready(() => ({ status: 's', rounds: 1 }));
  await clock.advance(minute);
  service.end();
  assert.equal(log.warnings.length, 1);
  assert.match(log.warnings[0] ?? '', /systemd-notify is not there/);
});

test('what was not heard is said again', async () => {
  let deaf = true;
  const said: string[] = [];
  const run: Host['run'] = async (_program, words) => {
    if (!deaf) said.push(words.join(' '));
    return { code: deaf ? 1 : 0, stdout: '', stderr: 'Connection refused' };
  };
  const { clock, service } = aService(undefined, { run });
  service.ready(() => ({ status: 's', rounds: 1 }));
  await clock.advance(1000);
  deaf = false;
  await clock.advance(minute);
  service.end();
  assert.deepEqual(said, ['READY=1 STATUS=s']);
});

test('without a service manager nothing is run', async () => {
  const run = () => assert.fail('nothing is to be run');
  const host = aHost(new MemoryHost(), { run });
  const service = serviceNotifier({ host, clock: new FakeClock(), log: recordingLog() }, {});
  service.ready(() => ({ status: 's', rounds: 1 }));
  let reloaded = false;
  await service.reloading(async () => {
    reloaded = true;
  });
  service.end();
  assert.ok(reloaded);
});

test('its words are taken out of the environment; a watchdog of another process is none of ours', async () => {
  const env = new Map(
    Object.entries({ NOTIFY_SOCKET: '@n', WATCHDOG_USEC: '180000000', WATCHDOG_PID: '4242', JOURNAL_STREAM: '1:7' }),
  );
  const takeEnv = (name: string) => {
    const value = env.get(name);
    env.delete(name);
    return value;
  };
  const memory = new MemoryHost({ '/proc/self/fd/2': '' });
  const stat: Host['stat'] = async (path) => {
    const info = await memory.stat(path);
    return info && { ...info, device: 1, inode: 7 };
  };
  const host = aHost(memory, { takeEnv, stat });
  assert.deepEqual(await takeServiceManager(host), { notifySocket: '@n', watchdogMs: 180_000, journal: true });
  assert.equal(env.size, 0);
  env.set('WATCHDOG_USEC', '1000000').set('WATCHDOG_PID', '1').set('JOURNAL_STREAM', '1:8');
  assert.deepEqual(await takeServiceManager(host), { journal: false });
});

test('the status counts the pods that are desired, and says what is wrong', () => {
  const agent = (change: Partial<AgentStatus>) => {
    const pod = (name: string, ready: boolean) => aComponentPod(name, { ready }, { file: `${name}.yaml` });
    return { rounds: 1, status: () => anAgentStatus([pod('etcd', true), pod('kube-apiserver', false)], change) };
  };
  assert.equal(serviceState(agent({})).status, '1 of 2 pods ready, runtime process v1');
  const runtime = { type: 'docker', name: 'docker', version: '', error: 'ECONNREFUSED' };
  const rejected = [{ file: 'x.yaml', reason: 'r', lastGoodRuns: false }];
  assert.equal(
    serviceState(agent({ runtime, rejected })).status,
    '1 of 2 pods ready, the runtime does not answer, 1 manifests refused',
  );
});
