import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { createEtcdClient } from '../../src/etcd/client.ts';
import { saveSnapshot, verifySnapshot } from '../../src/etcd/snapshot.ts';
import { planPruneSnapshots, snapshotName } from '../../src/etcd/snapshot-files.ts';
import { fakeEtcd } from '../fakes/fake-etcd.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const file = '/snapshots/a.db';

function setup() {
  const host = new MemoryHost({ '/snapshots/.keep': '' });
  const { state, network } = fakeEtcd();
  return { host, state, client: createEtcdClient(network, { endpoint: 'http://127.0.0.1:2379' }) };
}

describe('a snapshot', () => {
  test('is the database with its sum behind it, for its owner alone, and stands the check', async () => {
    const { host, state, client } = setup();
    const saved = await saveSnapshot(host, client, file);
    const sum = createHash('sha256').update(state.database).digest();
    assert.deepEqual(saved, { bytes: state.database.length, sha256: sum.toString('hex') });
    assert.deepEqual(Buffer.from((await host.readFile(file)) ?? []), Buffer.concat([state.database, sum]));
    assert.equal((await host.stat(file))?.mode, 0o600);
    assert.deepEqual(await verifySnapshot(host, file), saved);
  });

  const broken = { cut: /SHA-256|too early/, digest: /SHA-256/, error: /leader changed/ } as const;
  for (const [damage, why] of Object.entries(broken)) {
    test(`that comes out wrong (${damage}) leaves no file`, async () => {
      const { host, state, client } = setup();
      state.damage = damage as keyof typeof broken;
      await assert.rejects(saveSnapshot(host, client, file), why);
      assert.equal(await host.stat(file), undefined);
    });
  }

  test('is not begun on a disk that has no room for it', async () => {
    const { host, state, client } = setup();
    host.free = state.database.length;
    await assert.rejects(
      saveSnapshot(host, client, file),
      /\/snapshots has 0 MiB left, a snapshot of etcd needs 1 MiB/,
    );
  });

  test('that one bit of has changed, or that is none, is named as no sound one', async () => {
    const { host, client } = setup();
    await saveSnapshot(host, client, file);
    const bytes = Buffer.from((await host.readFile(file)) ?? []);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    host.seed(file, bytes);
    await assert.rejects(verifySnapshot(host, file), /a\.db is no sound snapshot/);
    host.seed(file, 'short');
    await assert.rejects(verifySnapshot(host, file), /no sound snapshot/);
    await assert.rejects(verifySnapshot(host, '/snapshots/b.db'), /is not there/);
  });
});

describe('snapshots', () => {
  const at = (revision: number, hour: number) => snapshotName(revision, Date.UTC(2026, 10, 23, hour));

  test('are called by the revision that they come before and the time', () => {
    assert.equal(at(12, 3), 'revision-12-20261123T030000Z.db');
  });

  test('go with their revision, and the oldest of too many', () => {
    const names = [at(2, 1), at(9, 2), at(10, 3), at(10, 4), at(11, 5), 'mine.db', 'revision-x.db'];
    const revisions = [9, 10, 11];
    assert.deepEqual(planPruneSnapshots(names, { keep: 10, revisions }), [at(2, 1)]);
    assert.deepEqual(planPruneSnapshots(names, { keep: 2, revisions }), [at(10, 3), at(9, 2), at(2, 1)]);
  });
});
