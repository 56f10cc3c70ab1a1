/** Manifests of the control plane that are edited by hand in the directory, guarded and not (`rollout.guardHandEdits`). */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { eventually, expectCode } from './support/command.ts';
import { containerIds, Plane, type PlaneStatus } from './support/plane.ts';

const plane = new Plane('process', { documents: rollout(true) });
const scheduler = plane.manifest('kube-scheduler');
const pod = 'kube-scheduler-node1';

function rollout(guarded: boolean): string {
  return `rollout:\n  guardHandEdits: ${guarded}\n  settle: 1s\n  healthTimeout: 90s\n`;
}

const text = () => readFileSync(scheduler, 'utf8');

/** As an editor writes: another file in its place. */
function edit(change: (text: string) => string): string {
  const edited = change(text());
  assert.notEqual(edited, text());
  writeFileSync(`${scheduler}~`, edited, { mode: 0o600 });
  renameSync(`${scheduler}~`, scheduler);
  return edited;
}

const withFlag = (flag: string) => (before: string) =>
  before.replace(/^( +)- --kubeconfig=.*$/m, (line, indent: string) => `${line}\n${indent}- ${flag}`);

type Told = PlaneStatus & { readonly problems: readonly string[] };
const status = async () => (await plane.status()) as Told;
const container = async () => containerIds(await plane.status())[pod];
const agentLog = () => readFileSync(plane.path('var/lib/bootstrap/agent.log'), 'utf8');

type Entry = { readonly number: number; readonly result: string; readonly message?: string; readonly reason?: string };
async function history(): Promise<readonly Entry[]> {
  const { stdout } = expectCode(await plane.bootstrap(['history', '-o', 'json']), 0);
  const { revisions } = JSON.parse(stdout) as { revisions: Entry[] };
  return revisions.toSorted((a, b) => a.number - b.number);
}

describe('a manifest that is edited by hand', () => {
  before(async () => void expectCode(await plane.init(), 0));
  after(() => plane.destroy());

  it('is tried, rolled and kept as a revision, when edits are guarded and it is good', async () => {
    const old = await container();
    const edited = edit(withFlag('--v=3'));
    await eventually(
      'the revision of the edit is good',
      async () => (await history()).at(-1)?.number === 2 && (await history()).at(-1)?.result === 'good',
      120_000,
    );
    assert.equal(text(), edited);
    assert.match((await history()).at(-1)?.message ?? '', /kube-scheduler\.yaml was edited by hand/);
    const seen = await eventually('it runs', async () => {
      const now = await status();
      return now.ready ? now : undefined;
    });
    assert.notEqual(containerIds(seen)[pod], old);
    assert.deepEqual(seen.problems, []);
  });

  it('comes back without the running pod having noticed, when the program refuses it', async () => {
    const [before, old] = [text(), await container()];
    edit(withFlag('--no-such-flag=1'));
    const seen = await eventually(
      'it is taken back',
      async () => {
        const now = await status();
        return now.problems.length > 0 && text() === before ? now : undefined;
      },
      120_000,
    );
    assert.match(seen.problems.join('\n'), /hand edit of kube-scheduler\.yaml .* was taken back: .*no-such-flag/);
    assert.match(agentLog(), /hand edit of kube-scheduler\.yaml .* was taken back: .*no-such-flag/);
    assert.match(readFileSync(plane.path('var/lib/bootstrap/hand-edits/kube-scheduler.yaml'), 'utf8'), /no-such-flag/);
    assert.equal(containerIds(seen)[pod], old);
    assert.equal((await history()).at(-1)?.number, 2);
  });

  it('comes back when it passes its trial and does not become healthy', async () => {
    const before = text();
    // A trial has ports of its own; this one is etcd's.
    const taken = `--secure-port=${plane.ports.etcdClient}`;
    edit((manifest) => manifest.replace(/--secure-port=\d+/, taken));
    await eventually('it is rolled back', async () => (await history()).at(-1)?.result === 'rolled-back', 120_000);
    await eventually('the plane is ready', async () => (await plane.status()).ready, 120_000);
    assert.equal(text(), before);
    assert.match(
      (await status()).problems.join('\n'),
      /hand edit of kube-scheduler\.yaml .* was taken back: .*address already in use/,
    );
  });

  it('counts at once when edits are not guarded', async () => {
    plane.writeConfig({ documents: rollout(false) });
    expectCode(await plane.bootstrap(['apply', '--config', plane.config]), 0);
    const revisions = (await history()).length;
    const old = await container();
    const edited = edit(withFlag('--v=4'));
    await eventually('another container runs', async () => ![old, '', undefined].includes(await container()));
    assert.equal(text(), edited);
    assert.equal((await history()).length, revisions);
  });
});
