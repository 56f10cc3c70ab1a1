import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CommonOptions } from '../../../src/cli/command.ts';
import { run } from '../../../src/cli/rollout/drift.ts';
import { driftText } from '../../../src/cli/rollout/drift-text.ts';
import { styleOf } from '../../../src/cli/style.ts';
import { writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import type { Change, RolloutPlan } from '../../../src/rollout/types.ts';
import { aCliContext, plainText } from '../../fakes/cli-context.ts';
import { PlaneOnDisk } from '../../fakes/plane-on-disk.ts';
import { aDraft, revisionsDir } from '../../fakes/revision-builders.ts';

const scheduler = '/etc/kubernetes/manifests/kube-scheduler.yaml';

async function drift(
  plane: PlaneOnDisk,
  options: Readonly<Record<string, unknown>> = {},
  common: Partial<CommonOptions> = {},
) {
  const cli = aCliContext({ host: plane.host });
  const code = await run(cli, { options, arguments: [], common: { ...plainText, ...common } });
  return { code, out: cli.out(), err: cli.err() };
}

async function causes(plane: PlaneOnDisk): Promise<readonly string[]> {
  const { out } = await drift(plane, {}, { output: 'json' });
  const { components, files, takenUp } = JSON.parse(out) as RolloutPlan;
  const changes = [...components.flatMap((component) => component.changes), ...files, ...takenUp];
  return changes.map(({ name, cause }) => `${name}: ${cause}`);
}

describe('bootstrap drift', () => {
  test('says that there is none, exits 0, and has nothing to heal', async () => {
    const plane = await PlaneOnDisk.make();
    for (const options of [{}, { heal: true }]) {
      const { code, out, err } = await drift(plane, options);
      assert.equal(out, 'no drift: disk and running pods are as revision 1 says\n');
      assert.deepEqual([code, err], [0, '']);
    }
  });

  test('shows what is wanted, what is on disk and what runs, who did it, and what healing takes', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.edit(scheduler, (text) => text.replace('leader-elect=true', 'leader-elect=false'));
    const { code, out } = await drift(plane);
    assert.equal(code, 10);
    assert.equal(
      out,
      [
        'drift from revision 1:',
        '',
        'kube-scheduler  edited by hand',
        '  FIELD           WANTED  ON DISK  RUNNING',
        '  --leader-elect  true    false    true     the manifest was edited by hand',
        '  healing takes: no restart, because what runs is right, only the file is put right',
        '',
        'next: bootstrap drift --heal brings back what revision 1 says',
        '',
      ].join('\n'),
    );
  });

  test('tells a deleted manifest, a deleted and an exchanged certificate and an edited kubeconfig apart', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.disk.remove(scheduler);
    await plane.disk.remove('/etc/kubernetes/pki/apiserver.crt');
    const stranger = plane.disk.text('/etc/kubernetes/pki/etcd/peer.crt') ?? '';
    await plane.write('/etc/kubernetes/pki/apiserver-kubelet-client.crt', stranger);
    await plane.edit('/etc/kubernetes/admin.conf', (text) => text.replace(/server: .*/, 'server: https://192.0.2.9:1'));
    const found = await causes(plane);
    for (const expected of [
      `${scheduler}: file deleted`,
      'apiserver.crt: file deleted',
      'apiserver-kubelet-client.crt: certificate replaced',
      'admin.conf: hand edit',
    ]) {
      assert.ok(found.includes(expected), `${expected} in ${found.join(', ')}`);
    }
  });

  test('what a change that failed has left is no hand edit', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.edit(scheduler, (text) => text.replace('leader-elect=true', 'leader-elect=false'));
    const manifests = { 'kube-scheduler': plane.disk.text(scheduler) ?? '' };
    await writeRevision(plane.host, revisionsDir, aDraft({ manifests, result: 'failed' }));
    assert.ok((await causes(plane)).includes('--leader-elect: failed change'));
  });

  test('what another release renders otherwise is told from what somebody did', async () => {
    const plane = await PlaneOnDisk.make();
    const older = (text: string) => text.replace('leader-elect=true', 'leader-elect=false');
    await plane.edit(scheduler, older);
    await plane.edit(`${revisionsDir}/1/manifests/kube-scheduler.yaml`, older);
    assert.deepEqual(await causes(plane), ['--leader-elect: rendered differently']);
  });

  test('an edit that was taken on as a revision is a hand edit still', async () => {
    const plane = await PlaneOnDisk.make();
    const other = (text: string) => text.replace('leader-elect=true', 'leader-elect=false');
    await plane.edit(scheduler, other);
    await plane.edit(`${revisionsDir}/1/manifests/kube-scheduler.yaml`, other);
    const message = 'kube-scheduler.yaml was edited by hand';
    await plane.edit(`${revisionsDir}/1/revision.json`, (text) => JSON.stringify({ ...JSON.parse(text), message }));
    assert.deepEqual(await causes(plane), ['--leader-elect: hand edit']);
  });

  test('is refused where no good revision is kept, and tells what compares all the same', async () => {
    await assert.rejects(drift(new PlaneOnDisk()), (thrown: { exitCode: number; hint: string }) => {
      assert.equal(thrown.exitCode, 2);
      assert.match(thrown.hint, /bootstrap plan --config FILE/);
      return true;
    });
  });

  test('takes the options of healing only with it', async () => {
    const plane = await PlaneOnDisk.make();
    for (const options of [{ message: 'x' }, { component: 'etcd' }, { skipCanary: true }, { rollback: false }]) {
      await assert.rejects(drift(plane, options), /means nothing without --heal/);
    }
  });
});

test('no line of the drift is longer than the screen', () => {
  const long = `https://${'a'.repeat(30)}.example.org:2379`;
  const because = 'a reason in many words '.repeat(8).trim();
  const forms = { rendered: long, onDisk: `${long},${long}`, running: null };
  const change: Change = {
    what: 'flag',
    name: '--listen-client-urls',
    from: long,
    to: long,
    because,
    cause: 'hand edit',
  };
  const gone: Change = { what: 'certificate', name: 'apiserver.crt', because, cause: 'file deleted' };
  const component = { component: 'etcd', changes: [{ ...change, forms }, gone], restart: true, because } as const;
  const plan: RolloutPlan = {
    ...{
      components: [component],
      files: [gone],
      objects: [],
      takenUp: [gone],
      reissue: [],
      configuration: [],
      notes: [because],
    },
    blocked: [{ field: 'ca.crt', from: long, to: long, because }],
  };
  for (const columns of [100, 60, 40]) {
    const screen = { columns, style: styleOf(false) };
    const text = driftText(plan, { screen, revision: 3, drifted: true, heal: 'bootstrap drift --heal' });
    for (const line of text.split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`);
  }
});
