import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathsOf } from '../../src/config/paths.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { openJournal } from '../../src/rollout/journal/journal.ts';
import { readBeforeReplacing } from '../../src/rollout/revisions/kept-files.ts';
import { readRevisions, writeRevision } from '../../src/rollout/revisions/revisions.ts';
import { eventually, expectCode } from './support/command.ts';
import { Plane } from './support/plane.ts';

/** Every path below a directory, the directory itself first. */
function tree(directory: string): readonly string[] {
  const names = readdirSync(directory, { recursive: true }) as string[];
  return [directory, ...names.map((name) => join(directory, name))];
}

test('init keeps a revision, a second init none, and one that changes something the next', async (t) => {
  const plane = new Plane('process');
  t.after(() => plane.destroy());
  const token = 'abcdef.0123456789abcdef';
  const certificateKey = 'f8902e114ef118304e561c3ecd4d0b543adc226b7a07f675f56564185ffe0c07';
  const text = readFileSync(plane.config, 'utf8');
  const secrets = `certificateKey: ${certificateKey}\nbootstrapTokens:\n- token: ${token}\n`;
  writeFileSync(plane.config, text.replace('nodeRegistration:', `${secrets}nodeRegistration:`));
  const revisions = plane.path('var/lib/bootstrap/revisions');
  const history = async () => {
    const { stdout } = expectCode(await plane.bootstrap(['history', '-o', 'json']), 0);
    return (JSON.parse(stdout) as { revisions: readonly Record<string, unknown>[] }).revisions;
  };

  expectCode(await plane.init(), 0);
  const [first, ...others] = await history();
  assert.deepEqual(others, []);
  assert.deepEqual([first?.number, first?.result, first?.current, first?.lastGood], [1, 'good', true, true]);
  assert.match(String((first?.who as Record<string, string> | undefined)?.command), /^bootstrap init --config /);

  for (const path of tree(revisions)) {
    const info = statSync(path);
    assert.equal(info.mode & 0o777, info.isDirectory() ? 0o700 : 0o600, path);
    if (info.isDirectory()) continue;
    const kept = readFileSync(path, 'utf8');
    assert.doesNotMatch(kept, /PRIVATE KEY|client-key-data/, path);
    assert.ok(!kept.includes('0123456789abcdef') && !kept.includes(certificateKey), `${path} holds a secret`);
  }

  const again = expectCode(await plane.init(), 0);
  assert.match(again.stderr, /revision 1 +keep +nothing changed since revision 1/);
  assert.equal((await history()).length, 1);

  const manifest = plane.manifest('kube-scheduler');
  const before = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, before.replace('- kube-scheduler\n', '- kube-scheduler\n    - --v=3\n'));
  const edited = expectCode(await plane.bootstrap(['diff']), 0);
  assert.match(edited.stdout, /revision 1 → the disk\n\nkube-scheduler\n {2}\+ --v {2}3\n$/);
  writeFileSync(manifest, before);
  assert.match(expectCode(await plane.bootstrap(['diff']), 0).stdout, /are the same/);

  plane.writeConfig({ cluster: 'scheduler:\n  extraArgs:\n  - name: v\n    value: "2"\n' });
  expectCode(await plane.init(), 0);
  const [, second] = await history();
  assert.deepEqual([second?.number, second?.result, second?.changes], [2, 'good', ['kube-scheduler --v=2 added']]);
  const table = expectCode(await plane.bootstrap(['history']), 0).stdout;
  assert.match(table, /^2\* .* good .* kube-scheduler --v=2 added/m);
  const difference = expectCode(await plane.bootstrap(['diff', '1', '2']), 0).stdout;
  assert.match(difference, /kube-scheduler\n {2}\+ --v {2}2\n/);
  assert.match(difference, /ClusterConfiguration scheduler\.extraArgs\.v\.value {2}2/);

  rmSync(revisions, { recursive: true });
  expectCode(await plane.init(), 0);
  assert.deepEqual(
    (await history()).map(({ number, changes }) => [number, changes]),
    [[1, ['the first revision']]],
    'a control plane without revisions gets one',
  );
  const reset = expectCode(await plane.bootstrap(['reset', '--force']), 0);
  assert.doesNotMatch(reset.stderr, / leave /);
});

test('a change that was cut off is undone by the next init', { timeout: 60_000 }, async (t) => {
  const plane = new Plane('process');
  t.after(() => plane.destroy());
  expectCode(await plane.init(), 0);
  const paths = pathsOf(plane.root);
  const manifest = plane.manifest('kube-scheduler');
  const before = readFileSync(manifest, 'utf8');
  const pid = plane.agentPid();
  process.kill(pid, 'SIGKILL');
  await eventually('the agent is gone', async () => ((await nodeHost.identify(pid)) === undefined ? true : undefined));
  const holder = { pid, startTicks: '1' };
  const begun = { to: 2, startedAt: new Date().toISOString(), holder, command: 'bootstrap apply', user: 'root' };
  const journal = await openJournal(nodeHost, paths, begun);
  const [first] = await readRevisions(nodeHost, paths.revisionsDir);
  assert.ok(first);
  const replaced = await readBeforeReplacing(nodeHost, [manifest]);
  await writeRevision(nodeHost, paths.revisionsDir, { ...first, result: 'unfinished', replaced });
  await journal.step('swap', { component: 'kube-scheduler' });
  writeFileSync(manifest, before.replace('- kube-scheduler\n', '- kube-scheduler\n    - --no-such-flag=3\n'));

  const again = expectCode(await plane.init(), 0);
  assert.match(again.stderr, /bootstrap apply of .* was cut off at swap of kube-scheduler; it is undone now/);
  assert.equal(readFileSync(manifest, 'utf8'), before);
  const revisions = await readRevisions(nodeHost, paths.revisionsDir);
  assert.deepEqual(
    revisions.map(({ result }) => result),
    ['good', 'rolled-back'],
  );
  await eventually('all is ready', async () => (await plane.status()).ready || undefined);
});
