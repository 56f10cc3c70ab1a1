import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsOf } from '../../../src/config/paths.ts';
import type { Host } from '../../../src/host/host.ts';
import { journalFile, journalSteps, openJournal, readJournal } from '../../../src/rollout/journal/journal.ts';
import { planRecovery, recover, recoverUnlessBusy } from '../../../src/rollout/journal/recovery.ts';
import { rolloutLockFile, takeRolloutLock } from '../../../src/rollout/journal/rollout-lock.ts';
import { readBeforeReplacing, restoreFiles } from '../../../src/rollout/revisions/kept-files.ts';
import { readReplaced } from '../../../src/rollout/revisions/revision-files.ts';
import {
  endRevision,
  nextRevisionNumber,
  readRevisions,
  writeRevision,
} from '../../../src/rollout/revisions/revisions.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aHost, deadPid } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aDraft, revisionsDir, startedAt } from '../../fakes/revision-builders.ts';

const paths = pathsOf('/');
const certificate = '/etc/kubernetes/pki/apiserver.crt';
const key = '/etc/kubernetes/pki/apiserver.key';
const added = '/etc/kubernetes/pki/extra.crt';
const apiServer = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const scheduler = '/etc/kubernetes/manifests/kube-scheduler.yaml';
const old: Readonly<Record<string, string>> = {
  [certificate]: 'old crt',
  [key]: 'old key',
  [apiServer]: 'old apiserver',
  [scheduler]: 'old scheduler',
};
const renewed = { [certificate]: 'new crt', [key]: 'new key', [added]: 'new extra' };
const now: Readonly<Record<string, string>> = {
  ...renewed,
  [apiServer]: 'new apiserver',
  [scheduler]: 'new scheduler',
};

const entry = { to: 2, startedAt, holder: { pid: deadPid, startTicks: '1' }, command: 'bootstrap apply', user: 'root' };
const finishedAt = '2026-01-01T00:01:00.000Z';

async function aDisk(): Promise<MemoryHost> {
  const files = new MemoryHost();
  for (const [path, text] of Object.entries(old)) files.seed(path, text);
  await writeRevision(aHost(files), revisionsDir, aDraft());
  return files;
}

/** An apply as the rollout makes one: each step in the journal before it is done. `well`: how the last gate ends. */
async function apply(host: Host, well: boolean): Promise<void> {
  const journal = await openJournal(host, paths, {
    ...entry,
    from: 1,
    to: await nextRevisionNumber(host, revisionsDir),
  });
  const replaced = await readBeforeReplacing(host, Object.keys(now));
  const revision = await writeRevision(host, revisionsDir, aDraft({ result: 'unfinished', replaced }));
  await journal.step('files', { component: 'kube-apiserver' });
  for (const [path, text] of Object.entries(renewed)) await host.writeFile(path, text);
  for (const [component, file] of [
    ['kube-apiserver', apiServer],
    ['kube-scheduler', scheduler],
  ] as const) {
    await journal.step('swap', { component });
    await host.writeFile(file, now[file] ?? '');
    await journal.step('gate', { component });
    await journal.step('settle', { component });
  }
  const { number } = revision;
  if (well) {
    await journal.step('commit');
    await endRevision(host, revisionsDir, { number, result: 'good', finishedAt });
  } else {
    await journal.step('undo', { reason: 'kube-scheduler is not ready' });
    await restoreFiles(host, await readReplaced(host, revisionsDir, revision));
    await endRevision(host, revisionsDir, { number, result: 'rolled-back', finishedAt });
  }
  await journal.end();
}

/** `old` or `new`, when the disk is exactly that and the revisions say so. */
async function sideOf(files: MemoryHost): Promise<'old' | 'new'> {
  const texts = Object.keys(now).map((path) => files.text(path));
  const results = (await readRevisions(aHost(files), revisionsDir)).map(({ result }) => result);
  assert.equal(await readJournal(aHost(files), paths), undefined, 'nothing is left to recover');
  if (results[1] === 'good') {
    assert.deepEqual(texts, Object.values(now));
    return 'new';
  }
  assert.ok(results.length === 1 || results[1] === 'rolled-back', results.join());
  assert.deepEqual(
    texts,
    Object.keys(now).map((path) => old[path]),
  );
  return 'old';
}

function died(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}

test('an apply that is killed after any of its writes ends in exactly old or new', async () => {
  for (const well of [true, false]) {
    const ends: string[] = [];
    for (let writes = 0; ; writes++) {
      const files = await aDisk();
      files.killAfter(writes);
      const killed = await died(apply(aHost(files), well));
      const disk = files.restarted();
      await recover(aHost(disk), paths, new FakeClock());
      ends.push(await sideOf(disk));
      assert.equal((await recover(aHost(disk), paths, new FakeClock())).do, 'nothing');
      if (!killed) break;
    }
    const switches = ends.filter((end, index) => index > 0 && end !== ends[index - 1]);
    assert.deepEqual(switches, well ? ['new'] : [], 'new from one write on, and never old again');
    assert.ok(ends.length > 15, `${ends.length} writes were walked`);
  }
});

test('a recovery that is killed itself after any of its writes goes on where the next one begins', async () => {
  for (let writes = 0; ; writes++) {
    const whole = await aDisk();
    whole.killAfter(writes);
    const applyKilled = await died(apply(aHost(whole), true));
    const before = whole.restarted();
    const expected = new Map(before.files().map((path) => [path, before.text(path) ?? '']));
    for (let recovered = 0; ; recovered++) {
      const disk = new MemoryHost(Object.fromEntries(expected));
      disk.killAfter(recovered);
      const killed = await died(recover(aHost(disk), paths, new FakeClock()));
      const next = disk.restarted();
      await recover(aHost(next), paths, new FakeClock());
      await sideOf(next);
      if (!killed) break;
    }
    if (!applyKilled) break;
  }
});

test('only what had passed every gate is finished, all else is undone, and says where it was cut off', () => {
  const revision = { number: 2, result: 'unfinished' } as const;
  const plans = journalSteps.map((step) => planRecovery({ ...entry, step }, { revision }).do);
  assert.deepEqual(plans, ['undo', 'undo', 'undo', 'undo', 'undo', 'undo', 'undo', 'finish']);
  const at = planRecovery({ ...entry, step: 'gate', component: 'etcd', reason: 'no' }, { revision });
  assert.equal(at.because, `bootstrap apply of ${startedAt} was cut off at gate of etcd: no`);
  assert.equal(planRecovery({ ...entry, step: 'prepare' }, { revision: undefined }).do, 'forget');
  assert.equal(
    planRecovery({ ...entry, step: 'undo' }, { revision: { number: 2, result: 'rolled-back' } }).do,
    'forget',
  );
  assert.equal(planRecovery(undefined, { revision: undefined }).do, 'nothing');
  const kept = planRecovery({ ...entry, step: 'commit' }, { revision: { number: 2, result: 'good' } });
  assert.deepEqual([kept.do, kept.because.includes('only objects in the cluster remained')], ['finish', true]);
});

test('hand edits made since are not touched when nothing was cut off, and a change under way is left alone', async () => {
  const files = await aDisk();
  const host = aHost(files, { pid: deadPid + 1 });
  assert.deepEqual((await recoverUnlessBusy(host, paths, new FakeClock())).do, 'nothing');
  const journal = await openJournal(host, paths, entry);
  files.seed(rolloutLockFile(paths), `${deadPid + 2} 1\n`);
  assert.match((await recoverUnlessBusy(host, paths, new FakeClock())).because, /^pid \d+ is at it$/);
  await host.remove(rolloutLockFile(paths));
  assert.equal((await recoverUnlessBusy(host, paths, new FakeClock())).do, 'forget');
  assert.equal(files.text(journalFile(paths)), undefined);
  assert.equal(files.text(rolloutLockFile(paths)), undefined, 'the lock is let go');
  await journal.end();
});

test('the journal is private, and what is no journal counts as none', async () => {
  const files = new MemoryHost();
  const host = aHost(files);
  await openJournal(host, paths, entry);
  assert.equal((await files.stat(journalFile(paths)))?.mode, 0o600);
  assert.deepEqual(await readJournal(host, paths), { ...entry, step: 'prepare' });
  for (const text of ['', '{', '[]', '{"to":"2","step":"gate"}', '{"to":2,"step":"other"}']) {
    files.seed(journalFile(paths), text);
    assert.equal(await readJournal(host, paths), undefined, text);
  }
});

test('the second apply is refused, and told who is at it and how far', async () => {
  const files = new MemoryHost();
  const first = aHost(files, { pid: 100 });
  const lock = await takeRolloutLock(first, paths);
  const second = aHost(files, { pid: 101 });
  await assert.rejects(takeRolloutLock(second, paths), { exitCode: 2, message: /under way: pid 100$/ });
  const journal = await openJournal(first, paths, { ...entry, holder: lock.holder });
  await journal.step('settle', { component: 'etcd' });
  await assert.rejects(takeRolloutLock(second, paths), /pid 100, bootstrap apply by root since .*, at settle of etcd/);
  await lock.release();
  const others = [{ file: '/var/lib/bootstrap/init.lock', what: 'init or reset' }];
  files.seed('/var/lib/bootstrap/init.lock', '100 1\n');
  await assert.rejects(takeRolloutLock(second, paths, others), /init or reset is at work here: pid 100/);
  assert.equal(files.text(rolloutLockFile(paths)), undefined);
  await files.remove('/var/lib/bootstrap/init.lock');
  await (await takeRolloutLock(second, paths, others)).release();
});
