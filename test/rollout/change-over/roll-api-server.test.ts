import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rollApiServer } from '../../../src/rollout/change-over/roll-api-server.ts';
import { ChangeOverMachine } from '../../fakes/change-over-machine.ts';

test('turns new connections to the new one only when it is ready, then stops the old one while nothing reaches it', async () => {
  const machine = new ChangeOverMachine();
  await rollApiServer(machine.context, machine.swap());
  assert.deepEqual(machine.events, [
    'migrate 1',
    'overlap',
    'steer private to new, others to old',
    'swap',
    'gate https://127.0.0.7:6443',
    'steer private to new, others to new',
    'freeze',
    'stop the old one',
    'thaw',
    'steer as the kernel likes',
    'migrate 0',
  ]);
  assert.deepEqual(machine.said, []);
});

test('leaves the old one alone when the new one does not become healthy', async () => {
  const machine = new ChangeOverMachine();
  const failing = machine.swap(async () => {
    throw new Error('unknown flag: --x');
  });
  await assert.rejects(rollApiServer(machine.context, failing), /unknown flag: --x/);
  assert.deepEqual(machine.events.slice(-2), ['gate https://127.0.0.7:6443', 'migrate 0']);
});

test('shares the port, and says so, where there is no perl or the kernel lets nobody steer', async () => {
  const without = new ChangeOverMachine();
  without.perl = undefined;
  const refused = new ChangeOverMachine();
  refused.refusesSteering = 'SO_ATTACH_REUSEPORT_CBPF: Operation not permitted';
  for (const [machine, because] of [
    [without, /share the port.*no perl/],
    [refused, /share the port.*SO_ATTACH_REUSEPORT_CBPF: Operation not permitted/],
  ] as const) {
    await rollApiServer(machine.context, machine.swap());
    assert.deepEqual(machine.events, [
      'migrate 1',
      'overlap',
      'swap',
      'gate https://127.0.0.1:6443',
      'stop the old one',
      'migrate 0',
    ]);
    assert.match(machine.said.join('\n'), because);
    // An earlier change that failed may have left the port steered: all but these go to the old one then.
    assert.ok(machine.asked.has('https://127.0.0.7:6443'));
  }
});

test('starts one after the other, and says so, where the agent runs no two or the configuration wants it', async () => {
  const alone = new ChangeOverMachine();
  alone.refusesOverlap = true;
  await rollApiServer(alone.context, alone.swap());
  assert.deepEqual(alone.events, ['migrate 1', 'swap', 'gate', 'migrate 0']);
  assert.match(alone.said.join('\n'), /the agent runs no two: 404/);
  const wanted = new ChangeOverMachine();
  wanted.wanted = 'recreate';
  await rollApiServer(wanted.context, wanted.swap());
  assert.deepEqual(wanted.events, ['swap', 'gate']);
  assert.match(wanted.said.join('\n'), /rollout\.apiServer is recreate/);
});
