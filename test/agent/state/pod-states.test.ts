import assert from 'node:assert/strict';
import test from 'node:test';
import { emptyState, withConditions, withContainer } from '../../../src/agent/state/pod-state.ts';
import { PodStates } from '../../../src/agent/state/pod-states.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const dir = '/state/pods';

function make(host = new MemoryHost()) {
  const clock = new FakeClock();
  const log = recordingLog();
  return { host, clock, log, states: new PodStates({ host, clock, log, dir }) };
}

const ready = [{ type: 'Ready', status: 'True' }];

test('what one has written the next one reads', async () => {
  const { host, states, clock } = make();
  states.update('u1', (state) => withContainer(state, 'c1', { started: true, ready: true }));
  states.update('u1', (state) => withConditions(state, ready, 1000));
  await clock.advance(0);
  const next = make(host.restarted());
  await next.states.load();
  assert.deepEqual(next.states.get('u1').containers, { c1: { started: true, ready: true } });
  assert.equal(next.states.transitionMs('u1', 'Ready', 'True'), 1000);
  assert.equal(next.states.transitionMs('u1', 'Ready', 'False'), undefined);
});

test('the file is for its owner alone, and written only when something has changed', async () => {
  const { host, states, clock } = make();
  for (let look = 0; look < 3; look++) {
    states.update('u1', (state) => withConditions(state, ready, 1000 + look));
    await clock.advance(0);
  }
  assert.deepEqual(host.files(), [`${dir}/u1.json`]);
  assert.equal((await host.stat(`${dir}/u1.json`))?.mode, 0o600);
  assert.equal(host.mutations.filter(({ operation }) => operation === 'writeFile').length, 1);
});

test('a disk that is full is one warning; what could not be written follows later', async () => {
  const { host, states, clock, log } = make();
  let full = true;
  host.failWhen(({ operation }) => (full && operation === 'writeFile' ? 'ENOSPC' : undefined));
  for (let change = 0; change < 5; change++) {
    states.update('u1', (state) => withContainer(state, `c${change}`, { started: true }));
    await clock.advance(0);
  }
  assert.equal(log.warnings.length, 1);
  assert.match(log.warnings[0] ?? '', /ENOSPC.*pods are not affected/);
  assert.equal(Object.keys(states.get('u1').containers).length, 5);
  full = false;
  states.keepOnly(new Set(['u1']));
  await clock.advance(0);
  assert.deepEqual(host.files(), [`${dir}/u1.json`]);
});

test('a stop waits for its note no longer than 100 ms', async () => {
  const clock = new FakeClock();
  const host = Object.assign(new MemoryHost(), { writeFile: () => new Promise<void>(() => {}) });
  const states = new PodStates({ host, clock, log: recordingLog(), dir });
  states.update('u1', (state) => withContainer(state, 'c1', { started: true }));
  let done = false;
  void states.saved('u1').then(() => {
    done = true;
  });
  await clock.advance(99);
  assert.equal(done, false);
  await clock.advance(1);
  assert.equal(done, true);
});

test('forgets pods that are gone, in memory and on the disk, and what a killed write has left', async () => {
  const host = new MemoryHost({ [`${dir}/.u3.json.1.1.tmp`]: '{', [`${dir}/u4.json`]: 'no JSON' });
  const { states, clock } = make(host);
  await states.load();
  for (const uid of ['u1', 'u2']) states.update(uid, (state) => withConditions(state, ready, 1));
  await clock.advance(0);
  states.keepOnly(new Set(['u1']));
  await clock.advance(0);
  assert.deepEqual(host.files(), [`${dir}/u1.json`]);
  assert.deepEqual(states.get('u2').conditions, {});
});

test('only that a pod is over is written to outlast the machine: nothing else waits for the disk', async () => {
  const host = new MemoryHost();
  const lasting: (boolean | undefined)[] = [];
  const write = host.writeFile.bind(host);
  host.writeFile = (path, data, options) => {
    lasting.push(options?.lasting);
    return write(path, data, options);
  };
  const { states, clock } = make(host);
  states.update('u1', (state) => withContainer(state, 'c1', { started: true }));
  await clock.advance(0);
  states.update('u1', (state) => ({ ...state, over: { phase: 'Succeeded' } }));
  await clock.advance(0);
  assert.deepEqual(lasting, [false, true]);
});

test('a file that the machine’s crash has left empty or half is nothing known, and is replaced', async () => {
  const whole = JSON.stringify(withContainer(emptyState, 'c1', { started: true }));
  const torn = ['', '\0'.repeat(64), whole.slice(0, 40), whole.slice(0, -1), 'null', '[]', '{"conditions":{}}'];
  for (const text of torn) {
    const { host, states, clock, log } = make(new MemoryHost({ [`${dir}/u1.json`]: text }));
    await states.load();
    assert.equal(states.get('u1'), emptyState);
    assert.deepEqual(host.files(), []);
    states.update('u1', (state) => withContainer(state, 'c1', { started: true }));
    await clock.advance(0);
    assert.equal(host.text(`${dir}/u1.json`), whole);
    assert.deepEqual(log.warnings, []);
  }
});
