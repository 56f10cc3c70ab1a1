import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../src/cli/rollout/diff.ts';
import { diffText } from '../../../src/cli/rollout/diff-text.ts';
import { styleOf } from '../../../src/cli/style.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { configurationText } from '../../../src/rollout/revisions/gather-revision.ts';
import { writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import { aConfig } from '../../fakes/builders.ts';
import { aCliContext, plainText } from '../../fakes/cli-context.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aDraft, aPodManifest, revisionsDir } from '../../fakes/revision-builders.ts';

const scheduler = (flags: Readonly<Record<string, string>>) => ({
  'kube-scheduler': aPodManifest('kube-scheduler', flags),
});
const onDisk = `${pathsOf('/').manifestsDir}/kube-scheduler.yaml`;
const configuration = configurationText(aConfig());

/** Revisions with `--v` 1, 2 (undone) and 3; the disk is as the last one. */
async function aPlane(): Promise<MemoryHost> {
  const files = new MemoryHost();
  const host = aHost(files);
  await writeRevision(host, revisionsDir, aDraft({ configuration, manifests: scheduler({ v: '1' }) }));
  const undone = aDraft({ configuration, manifests: scheduler({ v: '2' }), result: 'rolled-back' });
  await writeRevision(host, revisionsDir, undone);
  await writeRevision(host, revisionsDir, aDraft({ configuration, manifests: scheduler({ v: '3', x: 'y' }) }));
  files.seed(onDisk, scheduler({ v: '3', x: 'y' })['kube-scheduler']);
  return files;
}

async function shown(files: MemoryHost, numbers: readonly string[], output: 'text' | 'json' = 'text') {
  const context = aCliContext({ host: aHost(files) });
  assert.equal(await run(context, { options: {}, arguments: numbers, common: { ...plainText, output } }), 0);
  return context.out();
}

test('without a number: the last good revision against what is on the disk', async () => {
  const files = await aPlane();
  assert.equal(await shown(files, []), 'revision 3 and the disk are the same.\n');
  files.seed(onDisk, scheduler({ v: '4' })['kube-scheduler']);
  assert.equal(await shown(files, []), 'revision 3 → the disk\n\nkube-scheduler\n  ~ --v  3 → 4\n  - --x  y\n');
  await files.remove(onDisk);
  assert.match(await shown(files, []), /^kube-scheduler\n {2}- manifest/m);
});

test('with one: against the one that it came after, undone ones left out', async () => {
  const files = await aPlane();
  assert.equal(await shown(files, ['3']), 'revision 1 → revision 3\n\nkube-scheduler\n  ~ --v  1 → 3\n  + --x  y\n');
  assert.equal(await shown(files, ['1']), 'revision 1 has none before it to compare with.\n');
});

test('with two: the one against the other, also as json', async () => {
  const files = await aPlane();
  assert.match(await shown(files, ['2', '1']), /^revision 2 → revision 1\n\nkube-scheduler\n {2}~ --v {2}2 → 1\n$/);
  const document = JSON.parse(await shown(files, ['2', '1'], 'json'));
  assert.deepEqual(document, {
    kind: 'Diff',
    from: { name: 'revision 2', revision: 2 },
    to: { name: 'revision 1', revision: 1 },
    components: [{ component: 'kube-scheduler', differences: [{ what: 'flag', name: '--v', from: '2', to: '1' }] }],
    certificates: [],
    files: [],
    configuration: [],
  });
});

test('what is no revision is wrong usage, and nothing to compare is refused', async () => {
  const files = await aPlane();
  await assert.rejects(shown(files, ['9']), { exitCode: 3, message: 'there is no revision 9', hint: /1 to 3/ });
  await assert.rejects(shown(files, ['x']), { exitCode: 3, message: '"x" is no number of a revision' });
  await assert.rejects(shown(new MemoryHost(), []), { exitCode: 2, message: /no revision below \// });
});

test('added is green, removed is red', () => {
  const differences = [
    { what: 'flag', name: '--a', to: '1' } as const,
    { what: 'flag', name: '--b', from: 'x\ny' } as const,
  ];
  const found = {
    components: [{ component: 'etcd', differences }],
    certificates: [],
    files: [],
    configuration: [],
  } as const;
  const text = diffText(['revision 1', 'revision 2'], found, styleOf(true));
  assert.ok(text.includes('\u001b[32m+\u001b[39m --a') && text.includes('\u001b[31mx\\ny\u001b[39m'));
});
