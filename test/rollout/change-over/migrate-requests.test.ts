import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrateRequests, putBackMigration } from '../../../src/rollout/change-over/migrate-requests.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const setting = '/proc/sys/net/ipv4/tcp_migrate_req';
const note = '/var/lib/bootstrap/tcp-migrate-req';
const paths = { stateDir: '/var/lib/bootstrap' };

function machine(files: Readonly<Record<string, string>>, allowed = true) {
  const disk = new MemoryHost({ '/var/lib/bootstrap/owner': 'x', ...files });
  const host = {
    readText: (path: string) => disk.readText(path),
    writeFile: disk.writeFile.bind(disk),
    remove: disk.remove.bind(disk),
    makeDirectory: disk.makeDirectory.bind(disk),
    run: async (_command: string, args: readonly string[]) => {
      if (!allowed) return { code: 2, stdout: '', stderr: 'sh: Read-only file system\n' };
      assert.equal(disk.text(note)?.trim(), '0', 'the note is there before the setting changes');
      disk.seed(setting, `${/printf (\d)/.exec(args[1] ?? '')?.[1]}\n`);
      return { code: 0, stdout: '', stderr: '' };
    },
  };
  return { disk, host };
}

test('notes what the setting was, and puts it back', async () => {
  const { disk, host } = machine({ [setting]: '0\n' });
  const putBack = await migrateRequests(host, paths);
  assert.equal(disk.text(setting), '1\n');
  await putBack();
  assert.equal(disk.text(setting), '0\n');
  assert.equal(disk.text(note), undefined);
});

test('puts back after all what a change that was cut off has left', async () => {
  const { disk, host } = machine({ [setting]: '1\n', [note]: '0\n' });
  await (await migrateRequests(host, paths))();
  assert.equal(disk.text(setting), '0\n');
  assert.equal(disk.text(note), undefined);
});

test('is put back by the recovery of a change that was cut off', async () => {
  const { disk, host } = machine({ [setting]: '1\n', [note]: '0\n' });
  await putBackMigration(host, paths);
  assert.equal(disk.text(setting), '0\n');
  await putBackMigration(host, paths);
  assert.equal(disk.text(note), undefined);
});

test('touches nothing that somebody has set by himself', async () => {
  const { disk, host } = machine({ [setting]: '1\n' });
  await (await migrateRequests(host, paths))();
  assert.equal(disk.text(setting), '1\n');
  assert.equal(disk.text(note), undefined);
});

test('says why it may not, and leaves no note', async () => {
  const { disk, host } = machine({ [setting]: '0\n' }, false);
  await assert.rejects(migrateRequests(host, paths), /Read-only file system/);
  assert.equal(disk.text(note), undefined);
  await assert.rejects(migrateRequests(machine({}).host, paths), /this kernel has no/);
});
