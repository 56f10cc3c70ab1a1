import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorOf } from '../../../src/cli/init/author.ts';
import { run } from '../../../src/cli/rollout/history.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { openJournal } from '../../../src/rollout/journal/journal.ts';
import { rolloutLockFile } from '../../../src/rollout/journal/rollout-lock.ts';
import { writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import { aCliContext, plainText } from '../../fakes/cli-context.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aDraft, revisionsDir, startedAt } from '../../fakes/revision-builders.ts';

const paths = pathsOf('/');

async function aPlane(): Promise<MemoryHost> {
  const files = new MemoryHost();
  const host = aHost(files);
  await writeRevision(host, revisionsDir, aDraft({ finishedAt: '2026-01-01T00:00:03.200Z' }));
  await writeRevision(
    host,
    revisionsDir,
    aDraft({
      result: 'rolled-back',
      startedAt: '2026-01-02T10:11:12.345Z',
      changes: ['etcd --a=b added', 'etcd --c=d added', 'etcd --e=f added', 'admin.conf a → b'],
      message: 'a try',
      reason: 'etcd is not ready\nits own words',
    }),
  );
  return files;
}

async function shown(files: MemoryHost, output: 'text' | 'json' | 'ndjson' = 'text') {
  const context = aCliContext({ host: aHost(files) });
  const code = await run(context, { options: {}, arguments: [], common: { ...plainText, output } });
  assert.equal(code, 0);
  return { out: context.out(), err: context.err() };
}

test('shows each revision on one line, newest first, the current one with a star', async () => {
  const { out } = await shown(await aPlane());
  assert.equal(
    out,
    [
      'REVISION  WHEN                  RESULT       TOOK   WHO   WHAT                                        MESSAGE',
      '2         2026-01-02T10:11:12Z  rolled-back  -      root  etcd --a=b added; etcd --c=d added; 2 more  a try; etcd is not ready',
      '1*        2026-01-01T00:00:00Z  good         3.2 s  root  the first revision                          -',
      '',
    ].join('\n'),
  );
});

test('on a narrow screen what a revision changed stands below it, and no line is longer', async () => {
  const context = aCliContext({ host: aHost(await aPlane()) });
  const stdout = { ...context.stdout, isTerminal: true, columns: 60 };
  await run({ ...context, stdout }, { options: {}, arguments: [], common: plainText });
  const lines = context.out().split('\n');
  assert.ok(lines.every((line) => line.length <= 60));
  assert.match(context.out(), /^2 .*rolled-back.*\n {4}etcd --a=b added;/m);
});

test('says that a change is under way, or that it was cut off and what becomes of it', async () => {
  const files = await aPlane();
  const holder = { pid: 100, startTicks: '1' };
  const entry = { to: 3, startedAt, holder, command: 'bootstrap apply', user: 'root' };
  const journal = await openJournal(aHost(files), paths, entry);
  await journal.step('gate', { component: 'etcd' });
  files.seed(rolloutLockFile(paths), '100 1\n');
  assert.match((await shown(files)).out, /^Under way: revision 3, bootstrap apply .* at gate of etcd \(pid 100\)\.$/m);
  await files.remove(rolloutLockFile(paths));
  assert.match((await shown(files)).out, /^Cut off: revision 3, .* undoes it\.$/m);
  await journal.step('commit');
  assert.match((await shown(files)).out, / finishes it\.$/m);
});

test('as json it has everything but the texts, oldest first', async () => {
  const files = await aPlane();
  const { kind, revisions } = JSON.parse((await shown(files, 'json')).out);
  assert.equal(kind, 'History');
  assert.deepEqual(
    revisions.map((one: Record<string, unknown>) => [one.number, one.result, one.current, one.lastGood]),
    [
      [1, 'good', true, true],
      [2, 'rolled-back', false, false],
    ],
  );
  assert.equal('configuration' in revisions[0], false);
  assert.equal((await shown(files, 'ndjson')).out.trimEnd().split('\n').length, 2);
});

test('says what to do where there is none, and names what cannot be read', async () => {
  assert.match((await shown(new MemoryHost())).out, /no revision below \/\.\nnext: bootstrap init\n/);
  const files = await aPlane();
  files.seed(`${revisionsDir}/3/revision.json`, '{');
  assert.match((await shown(files)).err, /revisions\/3 holds no readable revision/);
});

test('keeps the command that made a revision without its secrets, and who gave it', () => {
  const host = aHost(new MemoryHost(), { env: (name) => ({ USER: 'root', SUDO_USER: 'anna' })[name] });
  const argv = ['init', '--token', 'abcdef.0123456789abcdef', '--certificate-key=c0ffee', '--node-name', "a'b c"];
  assert.deepEqual(authorOf(host, argv), {
    user: 'anna',
    host: 'node1',
    command: "bootstrap init --token (hidden) --certificate-key=(hidden) --node-name 'a'\\''b c'",
  });
  assert.equal(authorOf(aHost(), []).user, 'root');
  assert.equal(authorOf(aHost(new MemoryHost(), { uid: 7 }), undefined).user, 'uid 7');
});
