import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartTimes } from '../../../src/agent/home/start-times.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aComponentPod, aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const paths = { runDir: '/run/bootstrap' };

/** A machine that was booted 12.34 s ago, whose agent was started at 12.1 s. */
function machine() {
  const memory = new MemoryHost({
    '/proc/uptime': '12.34 20.00\n',
    '/proc/sys/kernel/random/boot_id': 'boot-1\n',
    '/run/bootstrap/agent.lock': '',
  });
  return { memory, host: aHost(memory, { identify: async (pid) => ({ pid, startTicks: '1210' }) }) };
}

const turn = (ready: boolean, file = 'etcd.yaml') => ({
  key: 'kube-system/etcd-node1',
  pod: aComponentPod('etcd', { ready }, { file }),
});

test('notes when the runtime first answered and when each pod was first ready, since the boot', async () => {
  const { host } = machine();
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 0, 0, 12, 340));
  const start = await StartTimes.open(host, clock, paths);
  await clock.advance(160);
  start.runtimeAnswered();
  start.turned(turn(false));
  // The time of day was wrong until now.
  clock.set(3_600_000);
  await clock.advance(1000);
  start.turned(turn(true));
  await clock.advance(1000);
  start.turned(turn(true));
  assert.deepEqual(start.view(), {
    bootedAt: '2026-01-01T00:00:00.000Z',
    agentMs: 12_100,
    runtimeMs: 12_500,
    pods: [{ pod: 'kube-system/etcd-node1', readyMs: 13_500 }],
  });
});

test('what was noted holds for the next agent, until the machine boots again', async () => {
  const { memory, host } = machine();
  const clock = new FakeClock();
  const first = await StartTimes.open(host, clock, paths);
  first.runtimeAnswered();
  first.turned(turn(true));
  await clock.advance(5000);
  first.end();
  memory.seed('/proc/uptime', '500.00 20.00\n');
  const second = await StartTimes.open(host, clock, paths);
  second.runtimeAnswered();
  assert.deepEqual(second.view(), first.view());
  memory.seed('/proc/sys/kernel/random/boot_id', 'boot-2\n');
  assert.deepEqual((await StartTimes.open(host, clock, paths)).view().pods, []);
  memory.seed('/run/bootstrap/start.json', '{"bootId":');
  assert.deepEqual((await StartTimes.open(host, clock, paths)).view().pods, []);
});

test('a pod that came long after the agent has nothing to do with the start', async () => {
  const clock = new FakeClock();
  const start = await StartTimes.open(machine().host, clock, paths);
  await clock.advance(31 * 60_000);
  start.turned(turn(true));
  assert.deepEqual(start.view().pods, []);
  start.end();
});
