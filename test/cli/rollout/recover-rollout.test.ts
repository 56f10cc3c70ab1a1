import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recoverRollout, rolloutRecovery, watchRollouts } from '../../../src/cli/rollout/recover-rollout.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { openJournal } from '../../../src/rollout/journal/journal.ts';
import type { Recovery } from '../../../src/rollout/journal/recovery.ts';
import { takeRolloutLock } from '../../../src/rollout/journal/rollout-lock.ts';
import { readBeforeReplacing } from '../../../src/rollout/revisions/kept-files.ts';
import { readRevisions, writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aHost, deadPid } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aDraft, revisionsDir, startedAt } from '../../fakes/revision-builders.ts';

const paths = pathsOf('/');
const manifest = `${paths.manifestsDir}/etcd.yaml`;

function aLog() {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  return { lines, info: say, warn: say, error: say, verbose() {} };
}

async function cutOff(files = new MemoryHost({ [manifest]: 'old' })): Promise<MemoryHost> {
  const host = aHost(files);
  const holder = { pid: deadPid, startTicks: '1' };
  const journal = await openJournal(host, paths, {
    to: 1,
    startedAt,
    holder,
    command: 'bootstrap apply',
    user: 'root',
  });
  const replaced = await readBeforeReplacing(host, [manifest]);
  await writeRevision(host, revisionsDir, aDraft({ result: 'unfinished', replaced }));
  await journal.step('swap', { component: 'etcd' });
  files.seed(manifest, 'new');
  return files;
}

test('an agent that starts puts back what a change that was cut off had replaced, and says so', async () => {
  const files = await cutOff();
  const log = aLog();
  await recoverRollout({ host: aHost(files), clock: new FakeClock() }, paths, log);
  assert.equal(files.text(manifest), 'old');
  assert.equal((await readRevisions(aHost(files), revisionsDir))[0]?.result, 'rolled-back');
  assert.match(log.lines.join('\n'), /rollout: undo: .* cut off at swap of etcd; put back: .*etcd\.yaml/);
});

test('without a journal it does nothing and says nothing', async () => {
  const log = aLog();
  const files = new MemoryHost({ [manifest]: 'edited by hand' });
  await recoverRollout({ host: aHost(files), clock: new FakeClock() }, paths, log);
  assert.deepEqual([log.lines, files.text(manifest)], [[], 'edited by hand']);
});

test('what cannot be put back does not keep the agent from its pods', async () => {
  const files = await cutOff();
  files.failWhen(({ path }) => (path === manifest ? 'EROFS' : undefined));
  const log = aLog();
  await recoverRollout({ host: aHost(files), clock: new FakeClock() }, paths, log);
  assert.match(log.lines.join('\n'), /cannot be undone: EROFS/);
});

test('a change that goes on is left alone', async () => {
  const files = await cutOff();
  const host = { ...aHost(files), pid: 77 };
  const lock = await takeRolloutLock(host, paths);
  const log = aLog();
  const doors = { host: aHost(files), clock: new FakeClock() };
  assert.equal(await recoverRollout(doors, paths, log), 'left');
  assert.deepEqual([log.lines, files.text(manifest)], [[], 'new']);
  await lock.release();
  assert.equal(await recoverRollout(doors, paths, log), 'recovered');
  assert.equal(await recoverRollout(doors, paths, log), 'nothing');
});

test('a running agent puts back what a process leaves that dies, within seconds, and looks at its manifests', async () => {
  const files = new MemoryHost({ [manifest]: 'old' });
  const clock = new FakeClock();
  const log = aLog();
  const over = new AbortController();
  const recover = rolloutRecovery({ host: aHost(files), clock }, paths, log);
  let looks = 0;
  const look = async () => void looks++;
  const ended = watchRollouts(clock, over.signal, { recover, look });
  await clock.advance(60_000);
  assert.deepEqual([looks, log.lines], [0, []]);
  await cutOff(files);
  await clock.advance(2000);
  assert.deepEqual([looks, files.text(manifest)], [1, 'old']);
  over.abort();
  await ended;
});

test('what cannot be put back is tried again and again, and said once', async () => {
  const files = await cutOff();
  let readOnly = true;
  files.failWhen(({ path }) => (readOnly && path === manifest ? 'EROFS' : undefined));
  const log = aLog();
  const recover = rolloutRecovery({ host: aHost(files), clock: new FakeClock() }, paths, log);
  assert.deepEqual([await recover(), await recover(), log.lines.length], ['left', 'left', 1]);
  readOnly = false;
  // Two at the same time are one.
  assert.deepEqual(await Promise.all([recover(), recover()]), ['recovered', 'recovered']);
  assert.equal(files.text(manifest), 'old');
});

test('what was recovered is handed on, so that who read what was put back starts again', async () => {
  const files = await cutOff();
  const clock = new FakeClock();
  const over = new AbortController();
  const recovered: Recovery[] = [];
  const recover = rolloutRecovery({ host: aHost(files), clock }, paths, aLog(), (one) => void recovered.push(one));
  const seen: (readonly string[])[] = [];
  const afterwards = async () => void seen.push(...recovered.splice(0).map(({ restored }) => restored));
  const ended = watchRollouts(clock, over.signal, { recover, look: async () => {}, afterwards });
  await clock.advance(5000);
  over.abort();
  await ended;
  assert.deepEqual(seen, [[manifest]]);
});
