import assert from 'node:assert/strict';
import test from 'node:test';
import { PreflightError } from '../../src/base/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { lockHolder, takeLock } from '../../src/host/lock.ts';
import { aMachine, MemoryHost } from '../fakes/memory-host.ts';

const path = '/run/bootstrap/agent.lock';

/** Processes by pid; each has the start time that it has. */
function aHost(pid: number, living: Map<number, string>, files = new MemoryHost()) {
  const identify = async (asked: number) => {
    const startTicks = living.get(asked);
    return startTicks === undefined ? undefined : { pid: asked, startTicks };
  };
  const machine = { ...aMachine({ pid }), identify, randomBytes: (count: number) => new Uint8Array(count).fill(pid) };
  const bound = new Proxy(files, {
    get: (target, name) => {
      if (name in machine) return machine[name as keyof typeof machine];
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return bound as unknown as Host;
}

test('one at a time: the second one is told the pid of the first', async () => {
  const files = new MemoryHost();
  const living = new Map([
    [10, '1000'],
    [11, '1100'],
  ]);
  const held = await takeLock(aHost(10, living, files), path, 'an agent');
  await assert.rejects(takeLock(aHost(11, living, files), path, 'an agent'), (thrown: unknown) => {
    assert.ok(thrown instanceof PreflightError);
    assert.match(thrown.message, /pid 10/);
    return true;
  });
  await held.release();
  await takeLock(aHost(11, living, files), path, 'an agent');
});

test('what a killed one left does not hold, even when its pid is used again', async () => {
  const files = new MemoryHost();
  const living = new Map([
    [10, '1000'],
    [11, '1100'],
  ]);
  await takeLock(aHost(10, living, files), path, 'an agent');
  living.set(10, '9999');
  assert.equal(await lockHolder(aHost(11, living, files), path), undefined);
  const { holder } = await takeLock(aHost(11, living, files), path, 'an agent');
  assert.equal(holder.pid, 11);
  assert.equal((await lockHolder(aHost(10, living, files), path))?.pid, 11);
});

test('a damaged lock file does not hold', async () => {
  const files = new MemoryHost({ [path]: 'half a l' });
  const { holder } = await takeLock(aHost(10, new Map([[10, '1']]), files), path, 'an agent');
  assert.equal(holder.pid, 10);
});

test('letting go leaves the lock of a successor alone', async () => {
  const files = new MemoryHost();
  const living = new Map([
    [10, '1000'],
    [11, '1100'],
  ]);
  const first = await takeLock(aHost(10, living, files), path, 'an agent');
  living.delete(10);
  await takeLock(aHost(11, living, files), path, 'an agent');
  await first.release();
  assert.equal((await lockHolder(aHost(11, living, files), path))?.pid, 11);
});
