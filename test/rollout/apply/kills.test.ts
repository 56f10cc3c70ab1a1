import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyRollout } from '../../../src/rollout/apply/apply-rollout.ts';
import type { RolloutContext } from '../../../src/rollout/apply/context.ts';
import { readJournal } from '../../../src/rollout/journal/journal.ts';
import { recover } from '../../../src/rollout/journal/recovery.ts';
import { readFingerprints } from '../../../src/rollout/revisions/fingerprints.ts';
import { readRevisions } from '../../../src/rollout/revisions/revisions.ts';
import type { RolloutPlan } from '../../../src/rollout/types.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { inHaste, paths, RolloutWorld } from '../../fakes/rollout-world.ts';

const arg = (name: string, value: string) => ({ extraArgs: [{ name, value }], extraVolumes: [], extraEnvs: [] });
const config = inHaste(
  anEcdsaConfig({
    apiServer: { ...arg('v', '4'), certSANs: ['api.example.org'] },
    scheduler: arg('v', '4'),
  }),
);
const bad = (name: string, text: string) =>
  name === 'kube-scheduler' && text.includes('--v=4') ? ('exits' as const) : ('healthy' as const);

type Made = ReturnType<RolloutWorld['plane']>;

/** Lets a change do so many writes, then ends its process; the next one recovers. Undefined when it ended by itself. */
async function killedAfter(
  writes: number,
  start: {
    readonly base: RolloutWorld;
    readonly plan: RolloutPlan;
    readonly context: RolloutContext;
    readonly fate: RolloutWorld['fate'];
  },
): Promise<{ world: RolloutWorld; before: Made } | undefined> {
  const { base, plan, fate } = start;
  const world = await base.copy();
  world.fate = fate;
  const before = world.plane();
  const context = { ...start.context, host: world.host, agent: world.agent, clock: world.clock };
  world.files.killAfter(writes);
  const ended = await applyRollout(context, plan, { parts: {} }).then(
    () => true,
    (thrown: Error) => !/killed/i.test(`${thrown.message} ${thrown.cause ?? ''}`),
  );
  return ended ? undefined : { world: world.restarted(), before };
}

for (const [what, fate] of [
  ['that would have been good', () => 'healthy'],
  ['that is being undone', bad],
] as readonly (readonly [string, RolloutWorld['fate']])[]) {
  test(`a change ${what}, killed after any write, ends as exactly old or new`, async () => {
    const base = await RolloutWorld.make();
    const start = { base, fate, plan: await base.plan(config), context: await base.context(config) };
    let ends = 0;
    for (let writes = 0; ; writes += 1) {
      const killed = await killedAfter(writes, start);
      if (killed === undefined) break;
      const { world, before } = killed;
      await recover(world.host, paths, world.clock);
      const plane = world.plane();
      const result = (await readRevisions(world.host, paths.revisionsDir)).at(-1);
      if (result?.number === 2 && result.result === 'good') {
        assert.match(plane[`${paths.manifestsDir}/kube-scheduler.yaml`] ?? '', /--v=4/, `after ${writes} writes`);
        assert.notEqual(plane['/etc/kubernetes/pki/apiserver.crt'], before['/etc/kubernetes/pki/apiserver.crt']);
        const now = await readFingerprints(world.host, { config, paths });
        assert.deepEqual(result.certificates, now, 'what is there now is what the revision knows');
      } else {
        assert.deepEqual(plane, before, `after ${writes} writes`);
      }
      assert.notEqual(result?.result, 'unfinished');
      assert.equal(await readJournal(world.host, paths), undefined);
      ends += 1;
    }
    assert.ok(ends > 15, `${ends} places to be killed at`);
  });
}
