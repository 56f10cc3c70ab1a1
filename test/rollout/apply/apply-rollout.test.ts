import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BootstrapError,
  InterruptedError,
  OperationError,
  PreflightError,
  RolledBackError,
} from '../../../src/base/errors.ts';
import type { Config } from '../../../src/config/types.ts';
import type { ComponentName } from '../../../src/manifests/component.ts';
import { applyRollout } from '../../../src/rollout/apply/apply-rollout.ts';
import type { ApplyOptions } from '../../../src/rollout/apply/run.ts';
import { journalFile } from '../../../src/rollout/journal/journal.ts';
import { readRevision } from '../../../src/rollout/revisions/revision-files.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { inHaste, paths, RolloutWorld } from '../../fakes/rollout-world.ts';

const arg = (name: string, value: string) => ({ extraArgs: [{ name, value }], extraVolumes: [], extraEnvs: [] });
const newFlag = inHaste(anEcdsaConfig({ apiServer: { ...arg('v', '4'), certSANs: [] }, scheduler: arg('v', '4') }));

async function applied(world: RolloutWorld, config: Config, options: ApplyOptions = {}) {
  const [context, plan] = [await world.context(config), await world.plan(config)];
  return applyRollout(context, plan, { parts: {}, ...options });
}

async function failure(work: Promise<unknown>): Promise<BootstrapError> {
  try {
    await work;
  } catch (thrown) {
    return thrown as BootstrapError;
  }
  throw new Error('it should have failed');
}

const revision = (world: RolloutWorld, number: number) => readRevision(world.host, paths.revisionsDir, number);
const steps = (world: RolloutWorld) =>
  world.events.flatMap(({ step, component, state }) => (state === 'done' ? [`${step} ${component ?? ''}`.trim()] : []));

test('is refused on a disk that is nearly full, where it could not even be undone', async () => {
  const world = await RolloutWorld.make();
  world.files.free = 3 * 2 ** 20;
  const refused = await failure(applied(world, newFlag));
  assert.ok(refused instanceof PreflightError);
  assert.match(refused.message, /3 MiB free, a change needs 32 MiB to be safe; nothing was touched/);
  assert.deepEqual(world.started, []);
});

test('changes one component after the other, each behind its gate, and keeps a good revision', async () => {
  const world = await RolloutWorld.make();
  const result = await applied(world, newFlag, { message: 'more words' });
  assert.deepEqual(world.started, ['kube-apiserver', 'kube-scheduler']);
  assert.deepEqual(steps(world), [
    'prepare',
    ...['swap', 'gate', 'settle'].map((step) => `${step} kube-apiserver`),
    ...['swap', 'gate', 'settle'].map((step) => `${step} kube-scheduler`),
    'commit',
  ]);
  assert.deepEqual(
    [result.result, result.revision, result.restarted],
    ['good', 2, ['kube-apiserver', 'kube-scheduler']],
  );
  const kept = await revision(world, 2);
  assert.deepEqual([kept?.result, kept?.message], ['good', 'more words']);
  assert.match(kept?.manifests['kube-scheduler'] ?? '', /--v=4/);
  assert.equal(world.files.text(journalFile(paths)), undefined);
  assert.deepEqual(
    (await world.plan(newFlag)).components.filter(({ restart }) => restart),
    [],
  );
});

test('does nothing at all when nothing differs', async () => {
  const world = await RolloutWorld.make();
  const before = world.files.mutations.length;
  assert.equal((await applied(world, world.former)).result, 'nothing');
  assert.equal(world.files.mutations.length, before);
});

test('keeps what is only stored as a revision, and restarts nothing for it', async () => {
  const world = await RolloutWorld.make();
  const { former } = world;
  const config = {
    ...former,
    bootstrap: { ...former.bootstrap, rollout: { ...former.bootstrap.rollout, keepRevisions: 3 } },
  };
  assert.equal((await applied(world, config)).result, 'good');
  assert.deepEqual(world.started, []);
});

test('refuses what cannot be changed with every reason, and touches nothing', async () => {
  const world = await RolloutWorld.make();
  const { networking } = world.former.cluster;
  const before = world.files.mutations.length;
  const config = inHaste(
    anEcdsaConfig({ networking: { ...networking, serviceSubnet: '10.96.0.0/16' }, clusterName: 'other' }),
  );
  const thrown = await failure(applied(world, config));
  assert.ok(thrown instanceof PreflightError);
  assert.deepEqual(thrown.findings.map(({ message }) => message.split(':')[0]).sort(), [
    'clusterName',
    'networking.serviceSubnet',
  ]);
  assert.equal(world.files.mutations.length, before);
});

const refusals: Readonly<Record<string, ApplyOptions>> = {
  canary: { parts: { canaries: () => Promise.reject(new PreflightError('unknown flag: --x')) } },
  snapshot: { parts: { beforeEtcdChange: () => Promise.reject(new OperationError('etcd gives no snapshot')) } },
};

for (const [what, options] of Object.entries(refusals)) {
  test(`a ${what} that fails is a refusal: nothing is touched, no revision is made`, async () => {
    const world = await RolloutWorld.make();
    const before = world.plane();
    const thrown = await failure(applied(world, newFlag, options));
    assert.ok(thrown instanceof PreflightError);
    assert.deepEqual(world.plane(), before);
    assert.equal(await revision(world, 2), undefined);
    assert.equal(world.files.text(journalFile(paths)), undefined);
  });
}

test('an agent that dies before anything was looked at is brought back, and what was healthy counts as healthy', async () => {
  const world = await RolloutWorld.make();
  world.fate = (_component, text) => (text.includes('--v=4') ? 'exits' : 'healthy');
  const [context, plan] = [await world.context(newFlag), await world.plan(newFlag)];
  world.agentLives = false;
  assert.ok((await failure(applyRollout(context, plan, { parts: {} }))) instanceof RolledBackError);
});

test('an image that is nowhere is a refusal', async () => {
  const world = await RolloutWorld.make();
  const obtainImage = () => Promise.reject(new OperationError('image x is nowhere to be had', { hint: 'import it' }));
  const context = { ...(await world.context(newFlag)), obtainImage };
  const thrown = await failure(applyRollout(context, await world.plan(newFlag), { parts: {} }));
  assert.ok(thrown instanceof PreflightError);
  assert.match(thrown.message, /nowhere to be had; nothing was touched/);
  assert.deepEqual(world.started, []);
});

const broken = (component: ComponentName, fate: ReturnType<RolloutWorld['fate']>) => {
  return (name: ComponentName, text: string) => (name === component && text.includes('--v=4') ? fate : 'healthy');
};

for (const fate of ['exits', 'never ready', 'fails later'] as const) {
  for (const component of ['kube-apiserver', 'kube-scheduler'] as const) {
    test(`goes back when the new ${component} ${fate}, with its last words`, async () => {
      const world = await RolloutWorld.make();
      const before = world.plane();
      world.fate = broken(component, fate);
      const thrown = await failure(applied(world, newFlag));
      assert.ok(thrown instanceof RolledBackError, String(thrown));
      assert.match(thrown.message, new RegExp(`^${component} .*back, and healthy$`));
      assert.match(thrown.details.join('\n'), /its last word/);
      assert.deepEqual(world.plane(), before);
      assert.doesNotMatch(world.running('kube-apiserver') ?? '', /--v=4/);
      const kept = await revision(world, 2);
      assert.equal(kept?.result, 'rolled-back');
      assert.match(kept?.reason ?? '', new RegExp(component));
      assert.equal(world.files.text(journalFile(paths)), undefined);
    });
  }
}

test('leaves a component that does not become healthy with --no-rollback', async () => {
  const world = await RolloutWorld.make();
  world.fate = broken('kube-apiserver', 'exits');
  const thrown = await failure(applied(world, newFlag, { noRollback: true }));
  assert.equal(thrown.exitCode, 1);
  assert.match(world.running('kube-apiserver') ?? '', /--v=4/);
  assert.equal((await revision(world, 2))?.result, 'failed');
});

test('says so when going back does not help', async () => {
  const world = await RolloutWorld.make();
  let failed = false;
  world.fate = (component, text) => {
    failed ||= component === 'kube-apiserver' && text.includes('--v=4');
    return failed && component === 'kube-apiserver' ? 'exits' : 'healthy';
  };
  const thrown = await failure(applied(world, newFlag));
  assert.ok(thrown instanceof OperationError);
  assert.match(thrown.message, /as before revision 2, but not healthy: kube-apiserver/);
});

test('a write that fails half way is undone', async () => {
  const world = await RolloutWorld.make();
  const before = world.plane();
  world.files.failWhen(({ operation, path }) =>
    operation === 'writeFile' && path.endsWith('kube-scheduler.yaml') && !path.includes('revisions')
      ? 'ENOSPC'
      : undefined,
  );
  assert.ok((await failure(applied(world, newFlag))) instanceof RolledBackError);
  assert.deepEqual(world.plane(), before);
});

test('an interruption is undone first', async () => {
  const world = await RolloutWorld.make();
  const before = world.plane();
  const context = await world.context(newFlag);
  const tell: typeof context.tell = (event) => {
    if (event.step === 'settle') world.interrupt.abort(new InterruptedError('interrupted by SIGINT'));
  };
  const thrown = await failure(applyRollout({ ...context, tell }, await world.plan(newFlag), { parts: {} }));
  assert.equal(thrown.exitCode, 130);
  assert.deepEqual(world.plane(), before);
  assert.equal((await revision(world, 2))?.result, 'rolled-back');
});

test('changes only the component that is named, and says what is left', async () => {
  const world = await RolloutWorld.make();
  const result = await applied(world, newFlag, { component: 'kube-scheduler' });
  assert.deepEqual([world.started, result.left], [['kube-scheduler'], ['kube-apiserver']]);
  const rest = (await world.plan(newFlag)).components.filter(({ restart }) => restart);
  assert.deepEqual(
    rest.map(({ component }) => component),
    ['kube-apiserver'],
  );
});

test('issues what the configuration asks for anew, and goes back to the old one when the change fails', async () => {
  const world = await RolloutWorld.make();
  const before = world.plane();
  const config = inHaste(
    anEcdsaConfig({
      ...newFlag.cluster,
      apiServer: { ...newFlag.cluster.apiServer, certSANs: ['api.example.org'] },
    }),
  );
  world.fate = broken('kube-scheduler', 'exits');
  assert.ok((await failure(applied(world, config))) instanceof RolledBackError);
  assert.deepEqual(world.plane(), before);
  world.fate = () => 'healthy';
  const result = await applied(world, config);
  assert.match(result.changes.join('\n'), /apiserver\.crt: issued anew/);
  assert.deepEqual((await world.plan(config)).reissue, []);
});

test('puts a deleted manifest back, and starts its component', async () => {
  const world = await RolloutWorld.make();
  const file = `${paths.manifestsDir}/kube-scheduler.yaml`;
  await world.files.remove(file);
  world.look();
  assert.equal((await applied(world, world.former)).result, 'good');
  assert.deepEqual(world.started, ['kube-scheduler']);
});

test('starts a component anew whose manifest stays, when it reads a changed file only at its start', async () => {
  const world = await RolloutWorld.make();
  const config = { ...world.former, bootstrap: world.former.bootstrap };
  const moved = {
    ...config,
    init: { ...config.init, localAPIEndpoint: { ...config.init.localAPIEndpoint, bindPort: 7443 } },
  };
  const before = world.running('kube-scheduler');
  await applied(world, moved);
  assert.equal(world.running('kube-scheduler'), before);
  assert.ok(world.started.includes('kube-scheduler'), 'its kubeconfig names another server');
});

test('brings an agent back that dies in the middle', async () => {
  const world = await RolloutWorld.make();
  const context = await world.context(newFlag);
  const tell: typeof context.tell = ({ step, state }) => {
    if (step === 'swap' && state === 'done') world.agentLives = false;
  };
  const result = await applyRollout({ ...context, tell }, await world.plan(newFlag), { parts: {} });
  assert.equal(result.result, 'good');
});

for (const fate of ['healthy', 'exits'] as const) {
  test(`keeps what somebody writes into a manifest during a change that is ${fate === 'healthy' ? 'good' : 'undone'}`, async () => {
    const world = await RolloutWorld.make();
    const file = `${paths.manifestsDir}/kube-scheduler.yaml`;
    const edited = `${world.files.text(file)}# by hand\n`;
    world.fate = broken('kube-scheduler', fate);
    const context = await world.context(newFlag);
    const during = fate === 'healthy' ? 'kube-apiserver' : 'kube-scheduler';
    const tell: typeof context.tell = ({ step, component, state }) => {
      if (step === 'swap' && component === during && state === 'done') void world.files.writeFile(file, edited);
    };
    const change = applyRollout({ ...context, tell }, await world.plan(newFlag), { parts: {} });
    if (fate === 'healthy') assert.equal((await change).result, 'good');
    else assert.ok((await failure(change)) instanceof RolledBackError);
    const kept = `${paths.revisionsDir}/2/overwritten/kube-scheduler.yaml`;
    assert.equal(world.files.text(kept), edited);
    assert.ok(world.said.some((line) => line.includes(`what it said is kept in ${kept}`)));
    assert.ok(!world.files.text(file)?.includes('by hand'));
  });
}

test('an agent that takes its time to come back while a component settles is no failure of the component', async () => {
  const world = await RolloutWorld.make();
  const context = await world.context(newFlag);
  let diedMs: number | undefined;
  const tell: typeof context.tell = ({ step, state }) => {
    if (step !== 'settle' || state !== 'begun' || diedMs !== undefined) return;
    world.agentLives = false;
    diedMs = world.clock.now();
  };
  const revive = async () => world.clock.now() - (diedMs ?? 0) > 6_000 && context.agent.revive();
  const slow = { ...context, tell, agent: { ...context.agent, revive } };
  const result = await applyRollout(slow, await world.plan(newFlag), { parts: {} });
  assert.equal(result.result, 'good');
  assert.notEqual(diedMs, undefined);
});
