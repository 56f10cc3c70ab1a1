import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { eventually, expectCode, type Ran } from './support/command.ts';
import { type RuntimeUnderTest, runtimes } from './support/engine.ts';
import { containerIds, type PlaneStatus, restarts } from './support/plane.ts';
import { assertNothingLost, startProbing } from './support/probing-clients.ts';
import {
  type Component,
  componentNames,
  eventsOf,
  type Flags,
  harmlessFlag,
  RolloutPlane,
} from './support/rollout-plane.ts';

/** One change after the other, each with a value that was never there before. */
class Changes {
  readonly plane: RolloutPlane;
  #flags: Flags = {};
  #value = 1000;

  constructor(plane: RolloutPlane) {
    this.plane = plane;
  }

  /** Gives these components another value of their flag, in the configuration only; returns the value. */
  next(...components: readonly Component[]): string {
    this.#value += 1;
    const changed = components.map((name) => [name, { [harmlessFlag[name]]: this.#value }]);
    this.#flags = { ...this.#flags, ...Object.fromEntries(changed) };
    this.plane.configure(this.#flags);
    return String(this.#value);
  }

  assertRuns(component: Component, value: string): void {
    assert.equal(this.plane.runningFlag(component, harmlessFlag[component]), value, `${component} runs with ${value}`);
  }
}

/** Components whose pods are others than before. A leader that lost its Lease, on a busy machine, is the same pod again. */
function replaced(before: PlaneStatus, after: PlaneStatus): readonly string[] {
  const [was, is] = [containerIds(before), containerIds(after)];
  const again = restarts(after);
  return componentNames.filter((name) => was[`${name}-node1`] !== is[`${name}-node1`] && again[`${name}-node1`] === 0);
}

async function aPlane(t: TestContext, runtime: RuntimeUnderTest): Promise<Changes> {
  const plane = new RolloutPlane(runtime);
  t.after(() => plane.destroy());
  expectCode(await plane.init(), 0);
  return new Changes(plane);
}

const thorough = process.env.E2E_MATRIX === 'all';

for (const runtime of runtimes(['process', 'docker'])) {
  describe(`apply on ${runtime}`, () => {
    test('changes what the configuration changes, and nothing else', { timeout: 600_000 }, async (t) => {
      const changes = await aPlane(t, runtime);
      const { plane } = changes;
      /** What a runtime hardly makes different is tried on one. */
      const inFull = runtime === 'process' || thorough;

      for (const component of runtime === 'process' ? componentNames : (['kube-scheduler'] as const)) {
        await t.test(`a flag of ${component} restarts it alone and makes a good revision`, async () => {
          const before = await plane.status();
          const value = changes.next(component);
          expectCode(await plane.apply(['--message', `for ${component}`]), 0);
          changes.assertRuns(component, value);
          assert.deepEqual(replaced(before, await plane.status()), [component]);
          const { result, message, timings, changes: told } = plane.lastRevision();
          assert.deepEqual([result, message], ['good', `for ${component}`]);
          assert.match(told.join(), new RegExp(`${component} --${harmlessFlag[component]}`));
          for (const step of ['swap', 'gate', 'settle'])
            assert.ok(`${step} ${component}` in timings, `${step} is timed`);
          await plane.settled();
        });
      }

      await t.test('all four go in their order, one at a time, and every step is told', async () => {
        const value = changes.next(...componentNames);
        const events = eventsOf(expectCode(await plane.apply(['-o', 'ndjson']), 0));
        for (const component of componentNames) changes.assertRuns(component, value);
        const steps = events.filter(({ step }) => step !== undefined);
        const swaps = steps.filter(({ step, state }) => step === 'swap' && state === 'begun');
        assert.deepEqual(
          swaps.map(({ component }) => component),
          componentNames,
        );
        const ends = steps.filter(({ step, state }) => step === 'settle' && state === 'done');
        assert.deepEqual(
          ends.map(({ component }) => component),
          componentNames,
        );
        for (const [index, swap] of swaps.slice(1).entries()) {
          const settled = ends[index];
          assert.ok(settled && steps.indexOf(swap) > steps.indexOf(settled), `${swap.component} waited its turn`);
        }
        for (const { step, component } of steps.filter(({ state }) => state === 'begun')) {
          const end = steps.find(
            (other) => other.step === step && other.component === component && other.state !== 'begun',
          );
          assert.equal(typeof end?.durationMs, 'number', `${step} of ${component ?? 'all'} has an end`);
        }
        assert.equal(events.at(-1)?.event, 'result');
        await plane.settled();
      });

      await t.test('a configuration that changes nothing is done at once and touches nothing', async () => {
        const [before, revisions, manifests] = [plane.pids(), plane.revisions().length, plane.manifests()];
        for (const args of [['--config', plane.config], []]) {
          const ran = expectCode(await plane.bootstrap(['apply', ...args]), 0);
          assert.match(ran.stdout + ran.stderr, /nothing to do/);
        }
        assert.deepEqual([plane.pids(), plane.revisions().length, plane.manifests()], [before, revisions, manifests]);
      });

      await t.test('a dry run tells what it would do and touches nothing', async () => {
        const [before, revisions, manifests] = [plane.pids(), plane.revisions().length, plane.manifests()];
        const value = changes.next('kube-controller-manager', 'kube-scheduler');
        const ran = expectCode(await plane.apply(['--dry-run']), 0);
        assert.match(ran.stdout + ran.stderr, /kube-scheduler/);
        assert.match(ran.stdout + ran.stderr, new RegExp(value));
        assert.deepEqual([plane.pids(), plane.revisions().length, plane.manifests()], [before, revisions, manifests]);
        assert.equal(plane.journal(), undefined);
      });

      if (inFull)
        await t.test('one component can be changed alone, and the rest later', async () => {
          const before = await plane.status();
          const value = changes.next('kube-controller-manager', 'kube-scheduler');
          expectCode(await plane.apply(['--component', 'kube-scheduler']), 0);
          assert.deepEqual(replaced(before, await plane.status()), ['kube-scheduler']);
          changes.assertRuns('kube-scheduler', value);
          const between = await plane.status();
          expectCode(await plane.apply(), 0);
          assert.deepEqual(replaced(between, await plane.status()), ['kube-controller-manager']);
          changes.assertRuns('kube-controller-manager', value);
          await plane.settled();
        });

      if (inFull)
        await t.test('a second apply is refused and told who is at it; the first is not disturbed', async () => {
          const value = changes.next('kube-controller-manager');
          let pid = 0;
          const first = plane.apply(['-o', 'json'], { started: (started) => (pid = started) });
          await eventually('the first is at work', () => plane.journal());
          const second = expectCode(await plane.apply(), 2);
          assert.match(second.stderr, new RegExp(`pid ${pid}\\b.*bootstrap apply`));
          const { revision } = JSON.parse(expectCode(await first, 0).stdout) as { readonly revision: number };
          assert.equal(revision, plane.lastRevision().number);
          changes.assertRuns('kube-controller-manager', value);
        });

      const rounds = thorough ? 20 : runtime === 'cri' ? 2 : 4;
      await t.test(`${rounds} changes in a row under writers and watchers lose nothing`, async () => {
        const probing = await startProbing({ kubeconfig: plane.path('etc/kubernetes/admin.conf') });
        t.after(() => probing.kill());
        const first = plane.lastRevision().number;
        for (let round = 0; round < rounds; round++) {
          const component = componentNames[round % componentNames.length] ?? 'etcd';
          const value = changes.next(component);
          expectCode(await plane.apply(['--skip-canary']), 0);
          changes.assertRuns(component, value);
        }
        assertNothingLost(await probing.stop());
        await plane.settled();
        const made = plane.revisions().filter(({ number }) => number > first);
        assert.equal(made.at(-1)?.number, first + rounds);
        assert.ok(made.every(({ result }) => result === 'good'));
        assert.ok(plane.revisions().length <= 10, 'no more revisions are kept than rollout.keepRevisions');
      });

      for (const step of thorough ? (['prepare', 'gate', 'settle'] as const) : inFull ? (['gate'] as const) : []) {
        await t.test(`an interruption at ${step} leaves the old or the new one, healthy`, async () => {
          changes.next('kube-scheduler');
          const ran = await interrupted(plane, step);
          assert.match(ran.stderr, /interrupted/);
          await plane.settled();
          expectCode(await plane.apply(), 0);
        });
      }
    });
  });
}

/** An apply that gets SIGINT once its journal is at this step. */
async function interrupted(plane: RolloutPlane, step: string): Promise<Ran> {
  let pid = 0;
  const running = plane.apply([], { started: (started) => (pid = started) });
  await eventually(`it is at ${step}`, () => (plane.journal()?.step === step ? true : undefined));
  process.kill(pid, 'SIGINT');
  return expectCode(await running, 130);
}
