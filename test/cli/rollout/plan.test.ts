import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CommonOptions } from '../../../src/cli/command.ts';
import { planFor, run } from '../../../src/cli/rollout/plan.ts';
import { planText } from '../../../src/cli/rollout/plan-text.ts';
import { styleOf } from '../../../src/cli/style.ts';
import { renderConfig } from '../../../src/config/print.ts';
import type { Config } from '../../../src/config/types.ts';
import type { Host } from '../../../src/host/host.ts';
import { gatherRevision } from '../../../src/rollout/revisions/gather-revision.ts';
import { writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import type { RolloutPlan } from '../../../src/rollout/types.ts';
import { aCliContext, plainText } from '../../fakes/cli-context.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { PlaneOnDisk } from '../../fakes/plane-on-disk.ts';
import { aDraft } from '../../fakes/revision-builders.ts';

const silent = { item() {}, waiting() {}, info() {}, warn() {}, file() {} };
const scheduler = '/etc/kubernetes/manifests/kube-scheduler.yaml';

async function plan(
  plane: PlaneOnDisk,
  options: Readonly<Record<string, unknown>> = {},
  common: Partial<CommonOptions> = {},
  change: Partial<Host> = {},
) {
  const readOnly = async () => {
    throw new Error('plan writes nothing');
  };
  const host = {
    ...plane.host,
    writeFile: readOnly,
    createFile: readOnly,
    makeDirectory: readOnly,
    remove: readOnly,
    ...change,
  };
  const cli = aCliContext({ host });
  const code = await run(cli, { options, arguments: [], common: { ...plainText, ...common } });
  return { code, out: cli.out(), err: cli.err() };
}

/** A file that holds another configuration, to be given as --config. */
async function given(plane: PlaneOnDisk, change: Partial<Config['cluster']>) {
  await plane.write('/new.yaml', renderConfig(anEcdsaConfig(change)));
  return { config: '/new.yaml' };
}

const withArgs = (...extraArgs: readonly { name: string; value: string }[]): Partial<Config['cluster']> => ({
  apiServer: { extraArgs, extraVolumes: [], extraEnvs: [], certSANs: [] },
});

const schedulerPatch = (verbosity: string) =>
  `spec:\n  containers:\n  - name: kube-scheduler\n    args: ["--v=${verbosity}"]\n`;

/** An apply with --patches /patches, as far as it is on disk and runs. */
async function keepPatched(plane: PlaneOnDisk): Promise<void> {
  const { config, rendered, paths } = await planFor(aCliContext({ host: plane.host }), { patches: '/patches' }, silent);
  for (const { file, text } of rendered) await plane.write(file, text);
  await plane.runAll();
  const content = await gatherRevision(plane.host, { config, paths });
  assert.deepEqual(Object.keys(content.patches ?? {}), ['kube-scheduler.yaml']);
  await writeRevision(plane.host, paths.revisionsDir, aDraft(content));
}

describe('bootstrap plan', () => {
  test('says that there is nothing to do, exits 0, and writes nothing', async () => {
    const { code, out, err } = await plan(await PlaneOnDisk.make());
    assert.equal(out, 'nothing to do: the control plane is as the configuration says (revision 1)\n');
    assert.deepEqual([code, err], [0, '']);
  });

  test('shows a changed flag, why what restarts, and what clients notice, and exits 10', async () => {
    const plane = await PlaneOnDisk.make();
    const { code, out } = await plan(plane, await given(plane, withArgs({ name: 'v', value: '4' })));
    assert.equal(code, 10);
    assert.equal(
      out,
      [
        'kube-apiserver  restarts, because 1 flag changes',
        '  + --v  4',
        '  expected API gap: the API does not answer for the 3 to 6 s of a stop and a start (nobody listens on port 6443)',
        '',
        'kube-apiserver restarts',
        'next: bootstrap apply --config /new.yaml',
        '',
      ].join('\n'),
    );
  });

  test('without --config shows what was edited by hand', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.edit(scheduler, (text) => text.replace('leader-elect=true', 'leader-elect=false'));
    await plane.runAll();
    const { code, out } = await plan(plane);
    assert.equal(code, 10);
    assert.match(out, / {2}~ --leader-elect {2}false → true\n {4}the manifest was edited by hand\n/);
  });

  test('says which field cannot be changed, and that nothing is applied until then', async () => {
    const plane = await PlaneOnDisk.make();
    const networking = { ...anEcdsaConfig().cluster.networking, serviceSubnet: '10.96.0.0/16' };
    const { code, out } = await plan(plane, await given(plane, { networking }));
    assert.equal(code, 10);
    assert.match(out, /! networking\.serviceSubnet {2}10\.96\.0\.0\/12 → 10\.96\.0\.0\/16\n {4}services may have/);
    assert.match(out, /nothing of it can be applied until networking\.serviceSubnet is as before\n$/);
  });

  test('goes on without an agent, and says so', async () => {
    const plane = await PlaneOnDisk.make();
    plane.status = undefined;
    const { code, out } = await plan(plane);
    assert.equal(code, 0);
    assert.match(out, /note: no agent answers/);
  });

  test('shows what is only stored, as nothing runs by it', async () => {
    const plane = await PlaneOnDisk.make();
    const { code, out } = await plan(plane, await given(plane, { certificateValidityPeriodMs: 3_600_000 }));
    assert.equal(code, 10);
    assert.equal(
      out,
      [
        'configuration  no restart, because nothing that runs depends on it; it is only stored',
        '  ~ ClusterConfiguration certificateValidityPeriod  8760h0m0s → 1h0m0s',
        '',
        'nothing restarts',
        'next: bootstrap apply --config /new.yaml',
        '',
      ].join('\n'),
    );
  });

  test('what a failed change left is no hand edit', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.edit(scheduler, (text) => text.replace('leader-elect=true', 'leader-elect=false'));
    const manifests = { 'kube-scheduler': plane.disk.text(scheduler) ?? '' };
    await writeRevision(plane.host, '/var/lib/bootstrap/revisions', aDraft({ manifests, result: 'failed' }));
    await plane.runAll();
    const { out } = await plan(plane);
    assert.match(out, / {2}~ --leader-elect {2}false → true\n {4}a change that failed left it so\n/);
  });

  test('gives one stable document as json', async () => {
    const plane = await PlaneOnDisk.make();
    const options = await given(plane, withArgs({ name: 'v', value: '4' }));
    const { out } = await plan(plane, options, { output: 'json' });
    const document = JSON.parse(out) as RolloutPlan & { readonly kind: string };
    assert.deepEqual(Object.keys(document), [
      'kind',
      'changes',
      'revision',
      'components',
      'files',
      'objects',
      'blocked',
      'configuration',
      'takenUp',
      'notes',
      'warnings',
    ]);
    assert.deepEqual(document.components[1], {
      component: 'kube-apiserver',
      changes: [
        {
          ...{ what: 'flag', name: '--v', to: '4', because: 'the configuration asks for it', cause: 'configuration' },
          forms: { rendered: '4', onDisk: null, running: null },
        },
      ],
      restart: true,
      because: '1 flag changes',
      order: 1,
      expectedApiGap: 'the API does not answer for the 3 to 6 s of a stop and a start (nobody listens on port 6443)',
      changeOver: { way: 'recreate', because: 'nobody listens on port 6443' },
    });
  });

  test('a mounted file that changed restarts who reads it, and no other', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.edit('/etc/kubernetes/scheduler.conf', (text) => `${text}# touched\n`);
    const { out } = await plan(plane);
    assert.match(out, /^kube-scheduler {2}restarts, because it reads \/etc\/kubernetes\/scheduler\.conf only at start/);
    assert.match(out, /\nkube-scheduler restarts\nnext: bootstrap apply\n$/);
  });

  test('the patches that the revision keeps still apply when nobody names any', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.write('/patches/kube-scheduler.yaml', schedulerPatch('2'));
    const { out: first } = await plan(plane, { patches: '/patches' });
    assert.match(first, /kube-scheduler {2}restarts, because 1 flag changes\n {2}\+ --v {2}2/);
    await keepPatched(plane);
    assert.match((await plan(plane)).out, /^nothing to do/);
    await plane.write('/patches/kube-scheduler.yaml', schedulerPatch('5'));
    const { out } = await plan(plane);
    assert.match(
      out,
      /note: the patches in \/patches are others now than revision 2 keeps; --patches DIR takes them up/,
    );
    await plane.disk.remove('/patches', { recursive: true });
    assert.match((await plan(plane)).out, /^nothing to do: .* \(revision 2\)\n$/);
    const other = await plan(plane, await given(plane, withArgs({ name: 'v', value: '4' })));
    assert.match(other.out, /^kube-apiserver [\s\S]*note: the patches that revision 2 keeps still apply/);
    assert.doesNotMatch(other.out, /kube-scheduler {2}|patches\.directory/);
  });

  test('all errors of the configuration are told, none of the plan', async () => {
    const plane = await PlaneOnDisk.make();
    await plane.write('/bad.yaml', 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nx: 1\ny: 2\n');
    await assert.rejects(plan(plane, { config: '/bad.yaml' }), (thrown: { exitCode: number; findings: unknown[] }) => {
      assert.deepEqual([thrown.exitCode, thrown.findings.length], [3, 2]);
      return true;
    });
  });

  test('is refused to who may not read the plane', async () => {
    const plane = await PlaneOnDisk.make();
    const list = async () => {
      throw Object.assign(new Error("EACCES: permission denied, scandir '/var/lib/bootstrap'"), { code: 'EACCES' });
    };
    await assert.rejects(plan(plane, {}, {}, { list }), (thrown: { exitCode: number; hint: string }) => {
      assert.deepEqual([thrown.exitCode, thrown.hint], [2, 'run it as the user who ran bootstrap init']);
      return true;
    });
  });

  test('a change that was cut off is told', async () => {
    const plane = await PlaneOnDisk.make();
    const holder = { pid: 1, startTicks: '1' };
    const journal = { to: 2, step: 'swap', startedAt: '', holder, command: 'bootstrap apply', user: 'root' };
    await plane.write('/var/lib/bootstrap/rollout.json', JSON.stringify(journal));
    assert.match((await plan(plane)).err, /warning: bootstrap apply is under way or was cut off/);
  });

  test('is refused where no plane is, and where no configuration is known', async () => {
    const plane = new PlaneOnDisk();
    await assert.rejects(plan(plane), /no configuration is stored below \//);
    await assert.rejects(plan(plane, await given(plane, {})), /there is no control plane below \//);
  });
});

test('no line of the plan is longer than the screen', () => {
  const long = `https://${'a'.repeat(30)}.example.org:2379`;
  const reason = 'a reason in many words '.repeat(8).trim();
  const change = { what: 'flag', name: '--listen-client-urls', from: long, to: `${long},${long}` } as const;
  const plan: RolloutPlan = {
    components: [
      {
        component: 'etcd',
        changes: [{ ...change, because: reason, cause: 'hand edit' }],
        restart: true,
        because: reason,
        order: 1,
        expectedApiGap: reason,
      },
    ],
    files: [{ what: 'kubeconfig', name: 'admin.conf', because: reason, cause: 'certificate due' }],
    reissue: [],
    takenUp: [],
    objects: [],
    blocked: ['a', 'b', 'c', 'd'].map((field) => ({ field, from: long, to: long, because: reason })),
    configuration: [],
    notes: [reason],
  };
  for (const columns of [80, 40]) {
    const text = planText(plan, { screen: { columns, style: styleOf(false) }, revision: 3, changes: true });
    for (const line of text.split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`);
  }
});
