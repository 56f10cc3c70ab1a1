import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reload, type ReloadRow, reloadTable } from '../../src/rollout/plan/reload-table.ts';
import { eventually } from './support/command.ts';
import { firstApiServerProofs } from './support/reload/api-server-proofs.ts';
import { controllerManagerProofs, schedulerProofs } from './support/reload/client-proofs.ts';
import { etcdProofs } from './support/reload/etcd-proofs.ts';
import { createObjects } from './support/reload/objects.ts';
import { otherApiServerProofs } from './support/reload/other-api-server-proofs.ts';
import type { Proof } from './support/reload/proof.ts';
import { startPrograms, startWorld } from './support/reload/world.ts';

/** Dynamic certificates and configurations are looked at every minute; how long a program that does so may take. */
const liveWithinMs = 100_000;
const everyMinuteMs = 62_000;

/** Rows that no behaviour shows here, with the reason. */
const unproven: Readonly<Record<string, string>> = {
  'kube-apiserver --kubelet-certificate-authority':
    'client-go looks at CA files every five minutes only (caRefreshDuration); taken up after 290 s when waited for',
  'kube-apiserver --peer-ca-file':
    'read only with the feature gate UnknownVersionInteroperabilityProxy and several API servers',
  'kube-controller-manager --cluster-signing-legacy-unknown-cert-file':
    'the API takes no request for that signer any more',
  'kube-controller-manager --cluster-signing-legacy-unknown-key-file':
    'the API takes no request for that signer any more',
  'kube-controller-manager --leader-migration-config': 'means something only to two controller managers that migrate',
  'kube-controller-manager --pv-recycler-pod-template-filepath-hostpath': 'read only when a volume is recycled',
  'kube-controller-manager --pv-recycler-pod-template-filepath-nfs': 'read only when a volume is recycled',
  'etcd --client-cert-file': 'used towards other members and by the gateway, where nobody shows it',
  'etcd --client-key-file': 'used towards other members and by the gateway, where nobody shows it',
  'etcd --peer-client-cert-file': 'used towards other members, and there is one',
  'etcd --peer-client-key-file': 'used towards other members, and there is one',
};

const nameOf = ({ component, flag }: Pick<ReloadRow, 'component' | 'flag'>) => `${component} ${flag}`;

function expected({ component, flags, startedWith }: Proof): Reload {
  const rows = reloadTable.filter((row) => row.component === component && flags.includes(row.flag));
  const [row] = rows;
  assert.ok(row, `${component} ${flags} is not in the table`);
  assert.ok(rows.every(({ reload }) => reload === row.reload));
  return startedWith !== undefined && row.liveWith === startedWith ? 'live' : row.reload;
}

test('every row of the table is as the real programs do', { timeout: 400_000, concurrency: true }, async (t) => {
  const world = await startWorld();
  t.after(() => world.stop());
  const proofs = [
    ...etcdProofs(world),
    ...firstApiServerProofs(world),
    ...otherApiServerProofs(world),
    ...controllerManagerProofs(world),
    ...schedulerProofs(world),
  ];

  await t.test('every row is proven, or it is said why not', () => {
    const proven = proofs.flatMap(({ component, flags }) => flags.map((flag) => nameOf({ component, flag })));
    const missing = reloadTable.map(nameOf).filter((name) => !proven.includes(name) && !(name in unproven));
    assert.deepEqual(missing, []);
    assert.deepEqual(
      Object.keys(unproven).filter((name) => proven.includes(name)),
      [],
    );
  });

  await startPrograms(world);
  await createObjects(world);
  const early = await Promise.all(proofs.map(async (proof) => ((await proof.taken()) ? title(proof) : undefined)));
  assert.deepEqual(
    early.filter((name) => name !== undefined),
    [],
    'nothing shows before the files change',
  );
  for (const { change } of proofs) change();
  const changedMs = performance.now();
  const live = proofs.filter((proof) => expected(proof) === 'live');
  const restart = proofs.filter((proof) => expected(proof) === 'restart');

  await Promise.all(
    live.map((proof) =>
      t.test(`${title(proof)}: taken up live`, () => eventuallyTaken(proof, liveWithinMs).then(() => {})),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, everyMinuteMs - (performance.now() - changedMs)));
  const unasked = await Promise.all(restart.map((proof) => proof.taken()));
  await Promise.all(world.programs.map((program) => program.stop()));
  await startPrograms(world);
  await Promise.all(
    restart.map((proof, index) =>
      t.test(`${title(proof)}: only when it starts again`, async () => {
        assert.equal(unasked[index], false, 'it was taken up without a restart');
        await eventuallyTaken(proof, 30_000);
      }),
    ),
  );
});

function title({ component, flags, startedWith }: Proof): string {
  return `${component} ${flags.join(', ')}${startedWith === undefined ? '' : ` with ${startedWith}`}`;
}

function eventuallyTaken(proof: Proof, timeoutMs: number): Promise<true> {
  return eventually(
    title(proof),
    async () => {
      if (await proof.taken()) return true as const;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return undefined;
    },
    timeoutMs,
  );
}
