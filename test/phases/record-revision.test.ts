import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsOf } from '../../src/config/paths.ts';
import type { InitContext } from '../../src/phases/context.ts';
import { planOwnDirectories } from '../../src/phases/plan-reset.ts';
import { recordRevisionPhase } from '../../src/phases/record-revision.ts';
import { readRevisions } from '../../src/rollout/revisions/revisions.ts';
import { aConfig } from '../fakes/builders.ts';
import { aHost, anInitContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { aPodManifest, revisionsDir } from '../fakes/revision-builders.ts';

const manifest = '/etc/kubernetes/manifests/kube-scheduler.yaml';

function aPlane(flags: Readonly<Record<string, string>> = {}): MemoryHost {
  return new MemoryHost({ [manifest]: aPodManifest('kube-scheduler', flags) });
}

/** Runs the phase where the components answer with this status. */
async function recorded(files: MemoryHost, change: Partial<InitContext> = {}, status = 200) {
  const host = aHost(files, { request: async () => ({ status, headers: {}, body: new Uint8Array() }) });
  const context = anInitContext({ host, ...change });
  const done = recordRevisionPhase.run?.(context);
  if (status !== 200) await context.clock.advance(5_000);
  await done;
  return { items: context.items, revisions: await readRevisions(host, revisionsDir) };
}

test('what is healthy is kept as revision 1, with who made it and how long it took', async () => {
  const author = { user: 'anna', host: 'node1', command: 'bootstrap init' };
  const { items, revisions } = await recorded(aPlane(), { invocation: { startedMs: 0, author } });
  assert.deepEqual(items, [{ item: 'revision 1', action: 'create', because: 'there is none yet' }]);
  const [revision] = revisions;
  assert.deepEqual([revision?.result, revision?.who], ['good', author]);
  assert.equal(revision?.startedAt, '1970-01-01T00:00:00.000Z');
  assert.ok((revision?.timings.init ?? 0) > 0);
});

test('a second time it is kept as it is, and a change makes the next', async () => {
  const files = aPlane();
  await recorded(files);
  const again = await recorded(files);
  assert.deepEqual(again.items, [{ item: 'revision 1', action: 'keep', because: 'nothing changed since revision 1' }]);
  files.seed(manifest, aPodManifest('kube-scheduler', { v: '4' }));
  const changed = await recorded(files);
  assert.deepEqual(changed.items, [{ item: 'revision 2', action: 'create', because: 'kube-scheduler --v=4 added' }]);
});

test('what is not healthy is no revision', async () => {
  const { items, revisions } = await recorded(aPlane(), {}, 500);
  assert.deepEqual(items, [{ item: 'revision', action: 'skip', because: 'not healthy: kube-scheduler' }]);
  assert.deepEqual(revisions, []);
  assert.match((await recorded(new MemoryHost())).items[0]?.because ?? '', /no manifest/);
});

test('older ones go as rollout.keepRevisions says', async () => {
  const files = aPlane();
  const config = aConfig((plain) => ({
    ...plain,
    bootstrap: { ...plain.bootstrap, rollout: { ...plain.bootstrap.rollout, keepRevisions: 2 } },
  }));
  for (const v of ['1', '2', '3']) {
    files.seed(manifest, aPodManifest('kube-scheduler', { v }));
    await recorded(files, { config });
  }
  assert.deepEqual(await files.list(revisionsDir), ['2', '3']);
});

test('a dry run keeps nothing, nor does an init that waits for nobody', () => {
  assert.match(recordRevisionPhase.skip?.(anInitContext({ dryRun: true })) ?? '', /dry run/);
  const config = aConfig((plain) => ({ ...plain, init: { ...plain.init, skipPhases: ['wait-control-plane'] } }));
  assert.match(recordRevisionPhase.skip?.(anInitContext({ config })) ?? '', /nobody waits/);
});

test('reset knows revisions, the journal and the lock as ours', () => {
  const paths = pathsOf('/');
  const listed = { stateDir: ['revisions', 'rollout.json', 'runtime'], runDir: ['rollout.lock'], kubeletPki: [] };
  const gone = planOwnDirectories(listed, paths).map(({ path }) => path);
  assert.deepEqual(gone, [
    '/run/bootstrap/rollout.lock',
    '/var/lib/bootstrap/revisions',
    '/var/lib/bootstrap/rollout.json',
    '/var/lib/bootstrap/runtime',
  ]);
});

test('reset takes the certificates that the agent kept, and nobody else’s', () => {
  const names = ['kubelet.crt', 'kubelet.key', 'kubelet-client-2026-01-01-00-00-00.pem', 'kubelet-client-current.pem'];
  const kubeletPki = [...names, 'mine.pem', 'kubelet.crt.bak'];
  const gone = planOwnDirectories({ stateDir: [], runDir: [], kubeletPki }, pathsOf('/x'));
  assert.deepEqual(
    gone.map(({ path, do: what }) => [path, what]),
    names.map((name) => [`/x/var/lib/kubelet/pki/${name}`, 'remove-tree']),
  );
});
