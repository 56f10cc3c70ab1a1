import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planDescendants, planLeftovers, readProcesses, signalOf } from '../../../src/runtime/process/session.ts';

const row = (pid: number, startTicks: string, session: number, state = 'S') => ({ pid, startTicks, session, state });
const leader = { pid: 10, startTicks: '100' };

test('takes who is left in the session, the leader included, zombies not', () => {
  const processes = [row(10, '100', 10), row(11, '101', 10), row(12, '102', 10, 'Z'), row(13, '103', 13)];
  assert.deepEqual(
    planLeftovers(leader, processes).map(({ pid }) => pid),
    [10, 11],
  );
});

test('takes the children of a leader that has ended', () => {
  assert.deepEqual(
    planLeftovers(leader, [row(11, '101', 10)]).map(({ pid }) => pid),
    [11],
  );
});

test('leaves the session of another process alone that has got the same pid', () => {
  assert.deepEqual(planLeftovers(leader, [row(10, '999', 10), row(11, '1000', 10)]), []);
});

test('leaves alone what is older than the leader', () => {
  assert.deepEqual(planLeftovers({ pid: 10, startTicks: '1000' }, [row(11, '999', 10)]), []);
});

test('finds the descendants of a program in whatever session, and none of another with its pid', () => {
  const child = (pid: number, parent: number) => ({ ...row(pid, '101', pid), parent });
  const processes = [row(10, '100', 10), child(12, 11), child(11, 10), child(13, 1)];
  assert.deepEqual(
    planDescendants(leader, processes).map(({ pid }) => pid),
    [12, 11],
  );
  assert.deepEqual(planDescendants({ ...leader, startTicks: '99' }, processes), []);
});

test('reads the processes of this machine', () => {
  const own = readProcesses().find(({ pid }) => pid === process.pid);
  assert.match(own?.startTicks ?? '', /^\d+$/);
});

test('knows signals by name, without SIG, and by number', () => {
  assert.deepEqual(['SIGTERM', 'int', '9', 'SIGRTMIN+3'].map(signalOf), ['SIGTERM', 'SIGINT', 'SIGKILL', undefined]);
});
