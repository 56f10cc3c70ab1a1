import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiState } from '../../src/agent/api/agent-api.ts';
import type { KubeObject } from '../../src/kube/client.ts';
import { reflect } from '../../src/kube/reflector.ts';
import { refusal, refused } from '../fakes/api-errors.ts';
import { FakeApi } from '../fakes/fake-api.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const things = '/api/v1/things';
const thing = (name: string) => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name } });

/** Follows the things of a server, and writes down what it is told. */
async function setup(server = new FakeApi(), connected = true) {
  const clock = new FakeClock();
  const source = new ApiState('node1');
  if (connected) source.setClient(server.client());
  const over = new AbortController();
  const told: string[] = [];
  const problems: (string | undefined)[] = [];
  const done = reflect<KubeObject>({
    ...{ source, path: things, clock, signal: over.signal, random: () => 1 },
    onList: (items) => told.push(`list ${items.map(({ metadata }) => metadata.name).join(' ')}`),
    onEvent: ({ type, object }) => told.push(`${type} ${object.metadata.name}`),
    onProblem: (problem) => problems.push(problem),
  });
  await clock.advance(0);
  return { clock, source, server, told, problems, over, done };
}

test('lists, then tells each change', async () => {
  const server = new FakeApi();
  server.put(`${things}/a`, thing('a'));
  const { clock, told, over, done } = await setup(server);
  server.put(`${things}/b`, thing('b'));
  server.put(`${things}/a`, thing('a'));
  server.delete(`${things}/b`);
  await clock.advance(0);
  assert.deepEqual(told, ['list a', 'ADDED b', 'MODIFIED a', 'DELETED b']);
  over.abort();
  await done;
});

test('a watch that breaks, or is too old, leads to another list', async () => {
  const { clock, server, told, over, done } = await setup();
  await clock.advance(5_000);
  server.cut();
  await clock.advance(0);
  server.put(`${things}/a`, thing('a'));
  await clock.advance(1_000);
  assert.deepEqual(told, ['list ', 'list a']);
  server.fault = (call) => (call.startsWith('WATCH') ? refusal(call, 410, 'Expired') : undefined);
  server.cut();
  await clock.advance(3_000);
  server.comeBack();
  await clock.advance(3_000);
  assert.equal(told.at(-1), 'list a');
  server.put(`${things}/b`, thing('b'));
  await clock.advance(0);
  assert.equal(told.at(-1), 'ADDED b');
  over.abort();
  await done;
});

test('a server that is down is asked less and less often, up to every 30 s; back, it is no problem any more', async () => {
  const server = new FakeApi();
  server.fault = refused;
  const { clock, problems, told, over, done } = await setup(server);
  await clock.advance(3_600_000);
  assert.ok(server.calls.length < 130, `${server.calls.length} calls in an hour`);
  assert.match(problems.at(-1) ?? '', /ECONNREFUSED/);
  server.comeBack();
  await clock.advance(30_000);
  assert.equal(problems.at(-1), undefined);
  assert.deepEqual(told, ['list ']);
  over.abort();
  await done;
});

test('is quicker when somebody says that trying again is worth it, and waits as long as Retry-After says', async () => {
  const server = new FakeApi();
  server.fault = (call) => refusal(call, 429, 'TooManyRequests', { retryAfterMs: 20_000 });
  const { clock, source, over, done } = await setup(server);
  await clock.advance(19_000);
  assert.equal(server.calls.length, 1);
  await clock.advance(2_000);
  assert.equal(server.calls.length, 2);
  server.comeBack();
  source.nudge();
  await clock.advance(0);
  assert.equal(server.watches, 1);
  over.abort();
  await done;
});

test('without a client nothing is asked; another client means another list', async () => {
  const { clock, server, source, told, over, done } = await setup(new FakeApi(), false);
  await clock.advance(600_000);
  assert.deepEqual(server.calls, []);
  source.setClient(server.client());
  await clock.advance(0);
  source.setClient(server.client());
  await clock.advance(1_000);
  assert.deepEqual(told, ['list ', 'list ']);
  assert.equal(server.watches, 1);
  over.abort();
  await done;
  assert.equal(server.watches, 0);
});

test('a server that ends every watch at once is not asked in a hot loop', async () => {
  const server = new FakeApi();
  const source = new ApiState('node1');
  let asked = 0;
  const ended = { next: async () => ({ done: true as const, value: undefined }) };
  const watch = () => {
    asked += 1;
    return { [Symbol.asyncIterator]: () => ended };
  };
  source.setClient({ ...server.client(), watch });
  const clock = new FakeClock();
  const over = new AbortController();
  const done = reflect({ source, path: things, clock, signal: over.signal, onList() {}, onEvent() {} });
  await clock.advance(600_000);
  assert.ok(asked > 10 && asked < 60, `${asked} watches in 10 minutes`);
  over.abort();
  await clock.advance(0);
  await done;
});
