import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recoverRollout } from '../../src/cli/recover-rollout.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { openJournal } from '../../src/rollout/journal.ts';
import { readBeforeReplacing } from '../../src/rollout/kept-files.ts';
import { readRevisions, writeRevision } from '../../src/rollout/revisions.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aHost, deadPid } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { aDraft, revisionsDir, startedAt } from '../fakes/revision-builders.ts';

const paths = pathsOf('/');
const manifest = `${paths.manifestsDir}/etcd.yaml`;

function aLog() {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  return { lines, info: say, warn: say, error: say, verbose() {} };
}

async function cutOff(): Promise<MemoryHost> {
  const files = new MemoryHost({ [manifest]: 'old' });
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
