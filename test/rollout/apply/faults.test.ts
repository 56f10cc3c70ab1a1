import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BootstrapError, messageOf } from '../../../src/base/errors.ts';
import { applyRollout } from '../../../src/rollout/apply/apply-rollout.ts';
import { readJournal } from '../../../src/rollout/journal/journal.ts';
import { recover } from '../../../src/rollout/journal/recovery.ts';
import { readRevisions } from '../../../src/rollout/revisions/revisions.ts';
import type { RolloutPlan } from '../../../src/rollout/types.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { paths, RolloutWorld } from '../../fakes/rollout-world.ts';

const arg = (name: string, value: string) => ({ extraArgs: [{ name, value }], extraVolumes: [], extraEnvs: [] });
const asked = anEcdsaConfig({
  apiServer: { ...arg('v', '4'), certSANs: ['api.example.org'] },
  scheduler: arg('v', '4'),
});
const { rollout } = asked.bootstrap;
// Each write is refused once: what is waited for in between is not what is looked at.
const config = { ...asked, bootstrap: { ...asked.bootstrap, rollout: { ...rollout, settleMs: 500 } } };
const manifest = `${paths.manifestsDir}/kube-scheduler.yaml`;

/** A write that fails: `from` on, for so many writes. */
type Trouble = { readonly from: number; readonly count: number; readonly code: string };

/** A control plane, and what the change is about to do to it. */
type Made = { readonly world: RolloutWorld; readonly plan: RolloutPlan };

async function aPlane(): Promise<Made> {
  const world = await RolloutWorld.make();
  return { world, plan: await world.plan(config) };
}

type Ended = { readonly world: RolloutWorld; readonly hit: boolean; readonly thrown: unknown };

/** A change on a disk that refuses some of its writes; what is removed needs no room. */
async function changedWith(made: Made, { from, count, code }: Trouble, fate: RolloutWorld['fate']): Promise<Ended> {
  const world = made.world.copy();
  world.fate = fate;
  const context = await world.context(config);
  let writes = 0;
  let hit = false;
  world.files.failWhen(({ operation }) => {
    if (operation === 'remove') return undefined;
    writes += 1;
    const refused = writes > from && writes <= from + count;
    hit ||= refused;
    return refused ? code : undefined;
  });
  const thrown = await applyRollout(context, made.plan, { parts: {} }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { world, hit, thrown };
}

/** Which of the two is on the disk, and runs; whatever is still to be undone is undone by the next process. */
async function sideOf(world: RolloutWorld, before: ReturnType<RolloutWorld['plane']>): Promise<'old' | 'new'> {
  const next = world.restarted();
  await recover(next.host, paths, next.clock);
  next.look();
  assert.equal(await readJournal(next.host, paths), undefined);
  const revisions = await readRevisions(next.host, paths.revisionsDir);
  assert.ok(revisions.every(({ result }) => result !== 'unfinished'));
  const isNew = revisions.at(-1)?.number === 2 && revisions.at(-1)?.result === 'good';
  if (!isNew) assert.deepEqual(next.plane(), before);
  assert.equal(/--v=4/.test(next.plane()[manifest] ?? ''), isNew);
  assert.equal(next.running('kube-scheduler'), next.plane()[manifest]);
  return isNew ? 'new' : 'old';
}

const bad: RolloutWorld['fate'] = (name, text) =>
  name === 'kube-scheduler' && text.includes('--v=4') ? 'exits' : 'healthy';

const troubles = [
  ['full for one write', 1, 'ENOSPC'],
  ['full from one write on', Number.POSITIVE_INFINITY, 'ENOSPC'],
] as const;
const fates = [
  ['a good change', () => 'healthy'],
  ['a bad change', bad],
] as readonly (readonly [string, RolloutWorld['fate']])[];

for (const [what, count, code] of troubles) {
  for (const [whose, fate] of fates) {
    test(`the disk is ${what} of ${whose}: it says so, and ends as exactly old or new`, async () => {
      const made = await aPlane();
      const before = made.world.plane();
      let hits = 0;
      for (let from = 0; ; from += 1) {
        const { world, hit, thrown } = await changedWith(made, { from, count, code }, fate);
        if (!hit) break;
        hits += 1;
        const where = `after ${from} writes: ${thrown === undefined ? 'done' : messageOf(thrown)}`;
        if (thrown !== undefined) assert.ok(thrown instanceof BootstrapError, `no bug of ours ${where}`);
        if (fate !== bad && thrown !== undefined) assert.match(messageOf(thrown), new RegExp(code), where);
        const side = await sideOf(world, before);
        if (thrown === undefined || fate === bad) assert.equal(side, thrown === undefined ? 'new' : 'old', where);
      }
      assert.ok(hits > 15, `${hits} writes were refused`);
    });
  }
}

test('a clock that is set back or forth changes nothing about how long a component is waited for', async () => {
  for (const byMs of [-3_600_000, 3_600_000]) {
    const world = await RolloutWorld.make();
    const [context, plan] = [await world.context(config), await world.plan(config)];
    const now = context.clock.now.bind(context.clock);
    let offset = 0;
    const clock = {
      now: () => now() + offset,
      ticks: () => world.clock.ticks(),
      after: world.clock.after.bind(world.clock),
    };
    const tell: typeof context.tell = (event) => {
      if (event.step === 'gate' && event.state === 'begun') offset = byMs;
      context.tell(event);
    };
    const { result } = await applyRollout({ ...context, clock, tell }, plan, { parts: {} });
    assert.equal(result, 'good');
    const ended = world.events.filter(({ durationMs }) => durationMs !== undefined);
    assert.ok(ended.every(({ durationMs }) => durationMs !== undefined && durationMs >= 0 && durationMs < 600_000));
  }
});
