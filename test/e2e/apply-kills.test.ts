import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { eventually, expectCode } from './support/command.ts';
import { type RuntimeUnderTest, runtimes } from './support/engine.ts';
import { stepName, strikeAt } from './support/journal-walk.ts';
import { processesOf } from './support/processes.ts';
import {
  type Component,
  componentNames,
  extraArgs,
  type Flags,
  harmlessFlag,
  RolloutPlane,
} from './support/rollout-plane.ts';

/** How often a step is tried again that was over before the blow fell. */
const tries = 6;

type Before = { readonly manifests: Readonly<Record<string, string>>; readonly revision: number };
type Victim = 'the CLI' | 'the agent' | 'both' | 'the machine';

/** What the configuration says beyond the minimum. */
type Wanted = { readonly flags: Flags; readonly certificateName?: string };

/** A change that is struck. */
type Case = {
  readonly name: string;
  /** Every write of its journal, in order. */
  readonly writes: readonly string[];
  /** Those at which it is struck; all when undefined. */
  readonly steps?: readonly string[];
  /** What it makes of a configuration; another one for each value. */
  readonly change: (from: Wanted, value: number) => Wanted;
  /** Exit code of an apply that lives on. */
  readonly ends: number;
};

const flagOf = (component: Component): Case => ({
  name: `a flag of ${component}`,
  writes: ['prepare', `swap ${component}`, `gate ${component}`, `settle ${component}`, 'commit'],
  change: (from, value) => ({ ...from, flags: { ...from.flags, [component]: { [harmlessFlag[component]]: value } } }),
  ends: 0,
});

const certificate: Case = {
  name: 'a name more in a certificate',
  writes: ['prepare', 'files', 'commit'],
  change: (from, value) => ({ ...from, certificateName: `n${value}.example.org` }),
  ends: 0,
};

const bad: Case = {
  name: 'a flag that does not exist',
  writes: ['prepare', 'swap kube-scheduler', 'gate kube-scheduler', 'undo kube-scheduler'],
  change: (from, value) => ({ ...from, flags: { ...from.flags, 'kube-scheduler': { [`no-such-${value}`]: 1 } } }),
  ends: 5,
};

type Walk = { readonly victim: Victim; readonly cases: readonly Case[] };

/** The same change, struck at these steps only. */
const at = (one: Case, ...steps: readonly string[]): Case => ({ ...one, steps });

/** The end is only a few writes away from `commit`: two processes are seldom both struck in between. */
function beforeCommit(component: Component): Case {
  const one = flagOf(component);
  return at(one, ...one.writes.filter((step) => step !== 'commit'));
}

const usual: readonly Walk[] = [
  {
    victim: 'the CLI',
    cases: [flagOf('kube-scheduler'), at(certificate, 'files', 'commit'), at(bad, 'undo kube-scheduler')],
  },
  {
    victim: 'the agent',
    cases: [at(flagOf('kube-controller-manager'), 'gate kube-controller-manager'), at(bad, 'undo kube-scheduler')],
  },
  { victim: 'both', cases: [at(flagOf('etcd'), 'swap etcd', 'gate etcd')] },
  { victim: 'the machine', cases: [at(flagOf('kube-apiserver'), 'gate kube-apiserver')] },
];

const thorough: readonly Walk[] = [
  { victim: 'the CLI', cases: [...componentNames.map(flagOf), certificate, bad] },
  { victim: 'the agent', cases: [...componentNames.map(flagOf), certificate, bad] },
  { victim: 'both', cases: [beforeCommit('etcd'), beforeCommit('kube-scheduler'), bad] },
  { victim: 'the machine', cases: [at(flagOf('kube-apiserver'), 'gate kube-apiserver')] },
];

const onEngine: readonly Walk[] = [
  { victim: 'the CLI', cases: [at(flagOf('kube-apiserver'), 'swap kube-apiserver', 'gate kube-apiserver')] },
  { victim: 'the agent', cases: [at(flagOf('kube-apiserver'), 'gate kube-apiserver')] },
  { victim: 'both', cases: [at(flagOf('etcd'), 'swap etcd', 'gate etcd')] },
  { victim: 'the machine', cases: [at(flagOf('kube-scheduler'), 'settle kube-scheduler')] },
];

const all = runtimes(['process']);

for (const runtime of all) {
  test(`killed at every step, on ${runtime}`, { timeout: 1_800_000 }, async (t) => {
    const walker = await Walker.start(t, runtime);
    const onProcess = all.length === 1 ? usual : thorough;
    for (const { victim, cases } of runtime === 'process' ? onProcess : onEngine) {
      await t.test(`${victim} dies`, async (inner) => {
        for (const one of cases) await inner.test(one.name, () => walker.walk(one, victim));
      });
    }
  });
}

class Walker {
  readonly #plane: RolloutPlane;
  #value = 2000;
  /** What the last good revision was made from. */
  #good: Wanted = { flags: {} };

  static async start(t: TestContext, runtime: RuntimeUnderTest): Promise<Walker> {
    const plane = new RolloutPlane(runtime);
    t.after(() => plane.destroy());
    expectCode(await plane.init(), 0);
    return new Walker(plane);
  }

  constructor(plane: RolloutPlane) {
    this.#plane = plane;
  }

  /** Strikes until every step was struck; after each blow there is exactly the old or the new one. */
  async walk(one: Case, victim: Victim): Promise<void> {
    const missing = new Set(one.steps ?? one.writes);
    for (let round = 0; round < tries && missing.size > 0; round++) {
      for (const step of [...missing]) missing.delete(await this.#strike(one, victim, step));
    }
    assert.deepEqual([...missing], [], 'every step was struck');
  }

  /** Gives the step that it was at. */
  async #strike(one: Case, victim: Victim, step: string): Promise<string> {
    const plane = this.#plane;
    const before = { manifests: plane.manifests(), revision: plane.lastRevision().number };
    this.#value += 1;
    const wanted = one.change(this.#good, this.#value);
    configure(plane, wanted);
    const { ran, at } = await strikeAt(plane, one.writes.indexOf(step) + 1, {
      strike: (pid) => this.#kill(victim, pid),
      args: ['--skip-canary'],
    });
    try {
      if (victim === 'the agent') expectCode(ran, one.ends);
      // At the very end the command may have gone before the agent: then nobody is there to bring it back.
      const late = victim === 'the agent' && (at === undefined || at.step === 'commit');
      if (late || victim === 'both' || victim === 'the machine') await this.#boot(victim);
      await plane.settled();
      if (this.#oldOrNew(before, ran.code === 0)) this.#good = wanted;
      // Who recovers brings the objects in the cluster along last.
      await eventually('nothing differs any more', async () => expectCode(await plane.bootstrap(['drift']), 0));
    } catch (thrown) {
      const where = `${victim} killed at ${stepName(at)} (exit code ${ran.code})`;
      throw new Error(`${where}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown });
    }
    return stepName(at);
  }

  #kill(victim: Victim, cli: number): void {
    const plane = this.#plane;
    const agent = plane.agentPid();
    if (victim !== 'the agent') process.kill(cli, 'SIGKILL');
    if (victim !== 'the CLI') process.kill(agent, 'SIGKILL');
    if (victim !== 'the machine') return;
    for (const name of componentNames) for (const pid of processesOf(plane.root, name)) process.kill(pid, 'SIGKILL');
  }

  /** What the machine does when it comes up: /run is empty, and the agent is started. */
  async #boot(victim: Victim): Promise<void> {
    if (victim === 'the machine') rmSync(this.#plane.path('run'), { recursive: true, force: true });
    expectCode(await this.#plane.init(['phase', 'start-agent']), 0);
  }

  /** Whether it is the new one; never the old one when the apply has said that it is done. */
  #oldOrNew(before: Before, isNew: boolean): boolean {
    const { number, result } = this.#plane.lastRevision();
    assert.ok(['good', 'rolled-back'].includes(result), result);
    // One that was struck before it wrote its revision has changed nothing.
    const isGood = result === 'good' && number > before.revision;
    if (isNew) assert.ok(isGood);
    if (!isGood) assert.deepEqual(this.#plane.manifests(), before.manifests);
    return isGood;
  }
}

function configure(plane: RolloutPlane, { flags, certificateName }: Wanted): void {
  const { 'kube-apiserver': apiServer, ...others } = flags;
  // Both are in the section apiServer, which there can be only once.
  const section = apiServer === undefined ? 'apiServer:\n' : extraArgs({ 'kube-apiserver': apiServer });
  const names = certificateName === undefined ? '  certSANs: []\n' : `  certSANs: [${certificateName}]\n`;
  plane.configure(others, { cluster: section + names });
}
