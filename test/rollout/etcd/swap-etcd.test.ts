import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathsOf } from '../../../src/config/paths.ts';
import { swapEtcd } from '../../../src/rollout/etcd/swap-etcd.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const manifest = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { containers: [{ command: ['etcd', '--listen-client-urls=https://127.0.0.1:2379'] }] },
});

/** A machine whose etcd (pid 7) closes its doors some time after the swap and ends some time later. */
function setup(old: { readonly closesAfterMs: number; readonly endsAfterMs: number; readonly seen?: boolean }) {
  const clock = new FakeClock();
  const world = { listening: true, startTicks: '1' as string | undefined, killed: [] as unknown[] };
  const tcp = () => `header\n${world.listening ? ` 0: 0100007F:094B 00000000:0000 0A ${zeros} 20\n` : ''}`;
  const host = {
    readText: async (path: string) => {
      if (path.endsWith('/etcd.yaml')) return manifest;
      return path === '/proc/net/tcp' ? tcp() : '';
    },
    listeners: async () => (old.seen === false ? [] : [{ address: '127.0.0.1', port: 2379, pid: 7, program: 'etcd' }]),
    identify: async (pid: number) =>
      world.startTicks === undefined ? undefined : { pid, startTicks: world.startTicks },
    kill: (pid: number, signal: unknown) => world.killed.push([pid, signal, clock.ticks() - begun]) > 0,
  };
  const swap = async () => {
    clock.after(old.closesAfterMs, () => {
      world.listening = false;
    });
    clock.after(old.endsAfterMs, () => {
      world.startTicks = undefined;
    });
  };
  const begun = clock.ticks();
  const context = { host, clock, paths: pathsOf('/'), signal: new AbortController().signal };
  return { clock, world, swapped: swapEtcd(context, { swap }) };
}

const zeros = '00000000:00000000 00:00000000 00000000 0 0';

describe('the etcd that leaves', () => {
  test('is ended 0.3 s after it has closed its doors, not before', async () => {
    const { clock, world, swapped } = setup({ closesAfterMs: 200, endsAfterMs: 2_200 });
    await clock.advance(480);
    assert.deepEqual(world.killed, []);
    await clock.advance(60);
    await swapped;
    assert.deepEqual(world.killed, [[7, 'SIGKILL', 500]]);
  });

  test('that ends by itself is let be, and so is whoever has its pid then', async () => {
    const { clock, world, swapped } = setup({ closesAfterMs: 200, endsAfterMs: 300 });
    clock.after(310, () => {
      world.startTicks = '2';
    });
    await clock.advance(1_000);
    await swapped;
    assert.deepEqual(world.killed, []);
  });

  test('that goes on serving is not touched', async () => {
    const { clock, world, swapped } = setup({ closesAfterMs: 60_000, endsAfterMs: 62_000 });
    await clock.advance(11_000);
    await swapped;
    assert.deepEqual(world.killed, []);
  });

  test('whose process cannot be seen takes its own time', async () => {
    const { world, swapped } = setup({ closesAfterMs: 200, endsAfterMs: 2_200, seen: false });
    await swapped;
    assert.deepEqual(world.killed, []);
  });
});
