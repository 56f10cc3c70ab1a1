import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { editGuard } from '../../../src/cli/agent/guard-edits.ts';
import { noteEdit } from '../../../src/cli/rollout/hand-edit-notes.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import type { Host } from '../../../src/host/host.ts';
import { readBeforeReplacing } from '../../../src/rollout/revisions/kept-files.ts';
import { endRevision, writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aDraft, aPodManifest, revisionsDir, startedAt } from '../../fakes/revision-builders.ts';

const paths = pathsOf('/');
const file = `${paths.manifestsDir}/kube-scheduler.yaml`;
const edited = aPodManifest('kube-scheduler', { v: '4' });
const guarded = 'kind: BootstrapConfiguration\nrollout:\n  guardHandEdits: true\n';

async function aGuard(configuration = guarded) {
  const files = new MemoryHost();
  const living = new Map<number, string>();
  const started: (readonly string[])[] = [];
  const host: Host = {
    ...aHost(files),
    selfCommand: () => ['node', 'main.ts'],
    environment: () => ({}),
    identify: async (pid) => {
      const startTicks = living.get(pid);
      return startTicks === undefined ? undefined : { pid, startTicks };
    },
    spawnDetached: async (program, args) => {
      started.push([program, ...args]);
      living.set(started.length, '1');
      return started.length;
    },
  };
  const clock = new FakeClock();
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const log = { info: say, warn: say, error: say, verbose() {} };
  const guard = editGuard({ host, clock, paths, log });
  let looks = 0;
  await guard.start(new AbortController().signal, async () => void looks++);
  await writeRevision(host, revisionsDir, aDraft({ configuration }));
  const state = { host, files, clock, guard, living, started, lines, looks: () => looks };
  return { ...state, review: (text = edited, of = file) => guard.review({ file: of, text }) };
}

test('an edit is held back and tried by a process of its own, one at a time', async () => {
  const { review, started } = await aGuard();
  assert.match((await review()) ?? '', /tried before it counts/);
  assert.match((await review()) ?? '', /tried before it counts/);
  const words = 'node main.ts apply --adopt /etc/kubernetes/manifests/kube-scheduler.yaml --root-dir / --no-color';
  assert.deepEqual(started, [words.split(' ')]);
});

test('a trial that died leaves the edit held, and the next look tries it again', async () => {
  const { review, started, living, clock, looks } = await aGuard();
  await review();
  living.clear();
  await clock.advance(1000);
  assert.equal(looks(), 1);
  assert.notEqual(await review(), undefined);
  assert.equal(started.length, 1, 'another change may be under way');
  await clock.advance(5000);
  assert.equal(looks(), 2);
  assert.notEqual(await review(), undefined);
  assert.equal(started.length, 2);
});

test('an edit that was taken back is in the log and, for an hour, in the status', async () => {
  const { review, living, clock, host, guard, lines } = await aGuard();
  await review();
  const note = { component: 'kube-scheduler', atMs: clock.now(), reason: 'unknown flag: --no-such-flag' } as const;
  await noteEdit(host, paths, { ...note, text: edited });
  living.clear();
  await clock.advance(1000);
  const said =
    'the hand edit of kube-scheduler.yaml (2026-01-01T00:00:00Z) was taken back: unknown flag: --no-such-flag; ' +
    'it is kept in /var/lib/bootstrap/hand-edits/kube-scheduler.yaml';
  assert.deepEqual(guard.problems(), [said]);
  assert.ok(lines.includes(said));
  const next = editGuard({ host, clock, paths, log: { info() {}, warn() {}, error() {}, verbose() {} } });
  await next.start(new AbortController().signal, async () => {});
  assert.deepEqual(next.problems(), [said]);
  await clock.advance(3_600_000);
  assert.deepEqual(guard.problems(), []);
});

test('what counts at once: edits that are not guarded, other files, the last good text', async () => {
  const off = await aGuard('kind: BootstrapConfiguration\nrollout:\n  guardHandEdits: false\n');
  assert.equal(await off.review(), undefined);
  const { review, started } = await aGuard();
  assert.equal(await review(edited, `${paths.manifestsDir}/web.yaml`), undefined);
  assert.equal(await review(edited, '/elsewhere/kube-scheduler.yaml'), undefined);
  assert.equal(await review(aPodManifest('kube-scheduler')), undefined);
  assert.deepEqual(started, []);
});

test('what a rollout writes and puts back counts at once, and nothing else while it goes on', async () => {
  const { review, host, files } = await aGuard();
  files.seed(file, 'an accepted edit of before');
  const replaced = await readBeforeReplacing(host, [file]);
  const draft = { configuration: guarded, replaced, manifests: { 'kube-scheduler': edited } };
  await writeRevision(host, revisionsDir, aDraft({ ...draft, result: 'unfinished' }));
  assert.equal(await review(), undefined);
  assert.equal(await review('an accepted edit of before'), undefined);
  assert.notEqual(await review(aPodManifest('kube-scheduler', { v: '9' })), undefined);
  const finishedAt = startedAt;
  await endRevision(host, revisionsDir, { number: 2, result: 'rolled-back', finishedAt });
  assert.equal(await review('an accepted edit of before'), undefined);
  assert.notEqual(await review(), undefined, 'it failed');
});

test('going back by hand to what a good change replaced is an edit like any other', async () => {
  const { review, host, files } = await aGuard();
  files.seed(file, 'the former text');
  const replaced = await readBeforeReplacing(host, [file]);
  await writeRevision(host, revisionsDir, aDraft({ configuration: guarded, replaced }));
  assert.notEqual(await review('the former text'), undefined);
});

test('what init writes counts at once', async () => {
  const { review, host, living } = await aGuard();
  living.set(78, '6');
  await host.writeFile(join(paths.stateDir, 'init.lock'), '78 6\n');
  assert.equal(await review(), undefined);
});
