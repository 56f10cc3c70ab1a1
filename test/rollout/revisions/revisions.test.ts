import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsOf } from '../../../src/config/paths.ts';
import { readBeforeReplacing, restoreFiles } from '../../../src/rollout/revisions/kept-files.ts';
import { readReplaced } from '../../../src/rollout/revisions/revision-files.ts';
import {
  endRevision,
  pruneRevisions,
  readCurrentRevision,
  readFilesAsOf,
  readLastGood,
  readRevisions,
  revisionNumbers,
  writeRevision,
} from '../../../src/rollout/revisions/revisions.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aDraft, aPodManifest, revisionsDir } from '../../fakes/revision-builders.ts';

test('a revision is read as it was written, its files private', async () => {
  const files = new MemoryHost();
  const host = aHost(files);
  const written = await writeRevision(host, revisionsDir, aDraft({ message: 'because', timings: { init: 12 } }));
  assert.equal(written.number, 1);
  assert.deepEqual(await readRevisions(host, revisionsDir), [written]);
  for (const path of files.files()) assert.equal((await files.stat(path))?.mode, 0o600, path);
  for (const path of [revisionsDir, `${revisionsDir}/1`, `${revisionsDir}/1/manifests`]) {
    assert.equal((await files.stat(path))?.mode, 0o700, path);
  }
});

test('numbers go up, also over one that cannot be read, which is left out', async () => {
  const files = new MemoryHost({ [`${revisionsDir}/7/revision.json`]: 'no json' });
  const host = aHost(files);
  assert.equal((await writeRevision(host, revisionsDir, aDraft())).number, 8);
  assert.equal((await writeRevision(host, revisionsDir, aDraft())).number, 9);
  assert.deepEqual(
    (await readRevisions(host, revisionsDir)).map(({ number }) => number),
    [8, 9],
  );
  assert.deepEqual(await revisionNumbers(host, revisionsDir), [7, 8, 9]);
});

test('a writer that is killed leaves no revision or a whole one, and the next one sweeps', async () => {
  for (let kept = 0; ; kept++) {
    const files = new MemoryHost();
    files.killAfter(kept);
    const died = await writeRevision(aHost(files), revisionsDir, aDraft()).then(
      () => false,
      () => true,
    );
    const disk = files.restarted();
    const revisions = await readRevisions(aHost(disk), revisionsDir);
    assert.deepEqual(
      revisions.map(({ manifests }) => Object.keys(manifests)),
      died ? [] : [['kube-scheduler']],
    );
    await writeRevision(aHost(disk), revisionsDir, aDraft());
    assert.ok(!disk.files().some((path) => path.includes('.tmp')), `after ${kept} changes`);
    if (!died) break;
  }
});

test('how it ended is written into it, and nothing else of it changes', async () => {
  const host = aHost();
  const draft = aDraft({ result: 'unfinished', timings: { canary: 3 } });
  const { number } = await writeRevision(host, revisionsDir, draft);
  const end = {
    result: 'rolled-back',
    finishedAt: '2026-01-01T00:01:00.000Z',
    reason: 'no',
    timings: { roll: 4 },
  } as const;
  await endRevision(host, revisionsDir, { number, ...end });
  const [revision] = await readRevisions(host, revisionsDir);
  assert.deepEqual(revision, { ...draft, ...end, number, replaced: [], timings: { canary: 3, roll: 4 } });
  await endRevision(host, revisionsDir, { number: 99, ...end });
});

test('pruning keeps so many, and a kill in the middle of it leaves no half one', async () => {
  for (let kept = 0; ; kept++) {
    const files = new MemoryHost();
    for (let count = 0; count < 4; count++) await writeRevision(aHost(files), revisionsDir, aDraft());
    files.killAfter(kept);
    const died = await pruneRevisions(aHost(files), revisionsDir, 2).then(
      () => false,
      () => true,
    );
    const disk = files.restarted();
    const host = aHost(disk);
    const numbers = await revisionNumbers(host, revisionsDir);
    assert.equal((await readRevisions(host, revisionsDir)).length, numbers.length);
    await pruneRevisions(host, revisionsDir, 2);
    assert.deepEqual(await disk.list(revisionsDir), ['3', '4']);
    if (!died) break;
  }
});

test('what a change replaces is kept with its mode, and comes back', async () => {
  const files = new MemoryHost();
  files.seed('/pki/apiserver.key', 'old key', 0o600);
  files.seed('/pki/apiserver.crt', 'old certificate', 0o644);
  files.seed('/pki/same', 'same', 0o644);
  const host = aHost(files);
  const paths = ['/pki/apiserver.key', '/pki/apiserver.crt', '/pki/same', '/pki/new'];
  const draft = aDraft({ replaced: await readBeforeReplacing(host, paths) });
  const revision = await writeRevision(host, revisionsDir, draft);
  assert.equal((await files.stat(`${revisionsDir}/1/replaced/pki/apiserver.crt`))?.mode, 0o600);
  await host.writeFile('/pki/apiserver.key', 'new key', { mode: 0o600 });
  await host.remove('/pki/apiserver.crt');
  await host.writeFile('/pki/new', 'new');
  const restored = await restoreFiles(host, await readReplaced(host, revisionsDir, revision));
  assert.deepEqual(restored, ['/pki/apiserver.key', '/pki/apiserver.crt', '/pki/new']);
  assert.deepEqual(
    paths.map((path) => files.text(path)),
    ['old key', 'old certificate', 'same', undefined],
  );
  assert.equal((await files.stat('/pki/apiserver.crt'))?.mode, 0o644);
  await host.remove(`${revisionsDir}/1/replaced`, { recursive: true });
  await assert.rejects(readReplaced(host, revisionsDir, revision), /what was in .* is lost/);
});

test('no copy is ever made of a CA or of the service account keys', async () => {
  const host = aHost();
  for (const name of ['ca.key', 'ca.crt', 'etcd/ca.key', 'front-proxy-ca.key', 'sa.key', 'sa.pub']) {
    const replaced = [{ path: `/etc/kubernetes/pki/${name}`, mode: 0o600, data: Buffer.from('x') }];
    await assert.rejects(writeRevision(host, revisionsDir, aDraft({ replaced })), /kept in no revision/);
  }
  assert.deepEqual(await revisionNumbers(host, revisionsDir), []);
});

test('the last good revision comes with its files by component', async () => {
  const host = aHost();
  assert.equal(await readLastGood(host, pathsOf('/')), undefined);
  const files = { 'kube-scheduler': { '/s.conf': 'aa' }, none: { '/admin.conf': 'bb' } };
  await writeRevision(host, revisionsDir, aDraft({ files, finishedAt: '2026-01-01T00:00:05.000Z' }));
  await writeRevision(host, revisionsDir, aDraft({ result: 'failed' }));
  const lastGood = await readLastGood(host, pathsOf('/'));
  assert.deepEqual(lastGood, {
    number: 1,
    configuration: aDraft().configuration,
    atMs: Date.UTC(2026, 0, 1, 0, 0, 5),
    manifests: [{ component: 'kube-scheduler', text: aPodManifest('kube-scheduler') }],
    files: [
      { component: 'kube-scheduler', path: '/s.conf', sha256: 'aa' },
      { component: 'none', path: '/admin.conf', sha256: 'bb' },
    ],
  });
});

test('the current revision is found from the newest on', async () => {
  const host = aHost();
  assert.equal(await readCurrentRevision(host, revisionsDir), undefined);
  await writeRevision(host, revisionsDir, aDraft());
  await writeRevision(host, revisionsDir, aDraft({ result: 'rolled-back' }));
  assert.equal((await readCurrentRevision(host, revisionsDir))?.number, 1);
});

test('going back finds each certificate as it was then, whichever change replaced it first', async () => {
  const files = new MemoryHost();
  const host = aHost(files);
  const [one, two, manifest] = ['/pki/one.crt', '/pki/two.crt', `${pathsOf('/').manifestsDir}/etcd.yaml`];
  await writeRevision(host, revisionsDir, aDraft());
  const change = async (texts: Readonly<Record<string, string>>, result: 'good' | 'rolled-back' = 'good') => {
    const replaced = await readBeforeReplacing(host, Object.keys(texts));
    await writeRevision(host, revisionsDir, aDraft({ replaced, result }));
    for (const [path, text] of Object.entries(texts)) if (result === 'good') files.seed(path, text);
  };
  files.seed(one, 'one of 1');
  await change({ [one]: 'one of 2', [manifest]: 'x' });
  await change({ [one]: 'never' }, 'rolled-back');
  await change({ [one]: 'one of 4', [two]: 'two of 4' });
  const asOf = async (number: number) =>
    (await readFilesAsOf(host, pathsOf('/'), number)).map(({ path, data }) => [path, data?.toString()]);
  assert.deepEqual(await asOf(1), [
    [one, 'one of 1'],
    [two, undefined],
  ]);
  assert.deepEqual(await asOf(2), [
    [one, 'one of 2'],
    [two, undefined],
  ]);
  assert.deepEqual(await asOf(4), []);
});

test('the patches of a revision are kept with it; where one of them is lost there are none', async () => {
  const files = new MemoryHost();
  const host = aHost(files);
  const patches = { 'etcd.yaml': 'a: 1\n', 'more/kube-apiserver+json.yaml': '[]\n' };
  await writeRevision(host, revisionsDir, aDraft({ patches }));
  assert.deepEqual((await readRevisions(host, revisionsDir))[0]?.patches, patches);
  assert.equal(files.text(`${revisionsDir}/1/patches/etcd.yaml`), 'a: 1\n');
  await files.remove(`${revisionsDir}/1/patches/etcd.yaml`);
  assert.equal((await readRevisions(host, revisionsDir))[0]?.patches, undefined);
});
