import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerRecord, processPaths } from '../../../src/runtime/process/records.ts';
import { decodeIdentity, encodeLost, planState, settleState, type Traces } from '../../../src/runtime/process/state.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const identity = { pid: 10, startTicks: '77' };
const alive = { identity, startedAtMs: 5, alive: true };
const dead = { identity, startedAtMs: 5, alive: false };
const traces = (change: Partial<Traces>): Traces => ({ bootIsCurrent: true, ...change });

test('is created until the program has a pid', () => {
  assert.deepEqual(planState(traces({})), { is: 'created' });
  assert.deepEqual(planState(traces({ helper: { alive: true } })), { is: 'created' });
});

test('runs while its program lives', () => {
  const state = planState(traces({ program: alive, helper: { alive: true } }));
  assert.deepEqual(state, { is: 'running', program: identity, startedAtMs: 5, orphaned: false });
});

test('still runs when only the helper is gone', () => {
  const state = planState(traces({ program: alive, helper: { alive: false } }));
  assert.equal(state.is === 'running' && state.orphaned, true);
});

test('counts as running until the helper has written the exit code', () => {
  assert.equal(planState(traces({ program: dead, helper: { alive: true } })).is, 'running');
});

test('has ended with the code on record, whatever the processes say', () => {
  const state = planState(traces({ exit: { text: '3\n', atMs: 9 }, program: dead }));
  assert.deepEqual(state, { is: 'exited', exitCode: 3, finishedAtMs: 9, startedAtMs: 5 });
});

test('is lost when both are gone and left no code', () => {
  assert.equal(planState(traces({ program: dead, helper: { alive: false } })).is, 'lost');
  assert.equal(planState(traces({ helper: { alive: false } })).is, 'lost');
});

test('nothing runs that was started before the machine was', () => {
  const state = planState({ bootIsCurrent: false, program: alive, helper: { alive: true } });
  assert.deepEqual(state, { is: 'lost', because: 'the machine was restarted while it ran' });
});

test('keeps why and when an end was not seen', () => {
  const state = planState(traces({ exit: { text: encodeLost('nobody saw it', 4.4), atMs: 9 } }));
  assert.deepEqual(state, { is: 'exited', exitCode: 137, finishedAtMs: 4, lost: 'nobody saw it' });
});

test('takes a half-written identity for none', () => {
  assert.deepEqual(decodeIdentity('10 77\n'), identity);
  for (const text of ['', '10', '10 7', undefined]) assert.equal(decodeIdentity(text), undefined);
});

test('a claim that a full disk left empty holds nothing up once the disk has room again', async () => {
  const paths = processPaths('/c');
  const files = new MemoryHost({ [paths.file('a', 'helper')]: '', [paths.exits]: '' });
  await files.remove(paths.exits);
  await files.makeDirectory(paths.exits);
  const host = aHost(files);
  const record = { id: 'a', bootId: 'b', createdAtMs: files.nowMs } as ContainerRecord;
  const after = (ms: number) => settleState(host, paths, { record, seen: {}, bootId: 'b', nowMs: files.nowMs + ms });
  assert.deepEqual(await after(5_000), { is: 'created' }, 'its helper may just be starting');
  let isFull = true;
  files.failWhen(() => (isFull ? 'ENOSPC' : undefined));
  const lost = 'its helper process ended before the program was started';
  const ended = { is: 'exited', exitCode: 137, finishedAtMs: files.nowMs + 20_000, lost };
  assert.deepEqual(await after(20_000), ended);
  assert.equal(files.text(paths.exit('a')), undefined);
  isFull = false;
  await after(30_000);
  assert.match(files.text(paths.exit('a')) ?? '', /^137 /);
});
