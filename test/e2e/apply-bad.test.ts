import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { describe, test } from 'node:test';
import { badChanges } from './support/bad-changes.ts';
import { eventually, expectCode, type Ran } from './support/command.ts';
import { type RuntimeUnderTest, runtimes } from './support/engine.ts';
import { assertUnnoticed, startProbing } from './support/probing-clients.ts';
import { componentNames, RolloutPlane } from './support/rollout-plane.ts';

const refused = 2;
const rolledBack = 5;

for (const runtime of runtimes(['process'])) {
  describe(`bad changes on ${runtime}`, { timeout: 600_000 }, () => {
    const bad = badChanges.filter(({ notOnProcess }) => runtime !== 'process' || notOnProcess === undefined);

    test('are refused in one line before anything that runs is touched', async (t) => {
      const plane = await aPlane(t, runtime);
      const before = stateOf(plane);
      const probing = await startProbing({ kubeconfig: plane.path('etc/kubernetes/admin.conf') });
      t.after(() => probing.kill());

      for (const { name, component, configure, words } of bad) {
        await t.test(name, async () => {
          configure(plane);
          const line = errorLine(expectCode(await plane.apply(), refused));
          assert.match(line, words);
          assert.match(line, new RegExp(component));
          assert.deepEqual(stateOf(plane), before);
          assert.equal(plane.journal(), undefined);
        });
      }

      await t.test('and nobody who used the API has noticed', async () => {
        assertUnnoticed(await probing.stop());
        await plane.settled();
      });

      // One that none of the plane's own programs uses.
      const port = Number(plane.ports.apiServer) + 8;
      const real = bad.filter(({ name }) => /unknown flag|broken configuration|memory/.test(name));
      for (const { name, component, configure, words } of real) {
        await t.test(`${name} that no canary held back is undone`, async () => {
          configure(plane);
          const ran = expectCode(await plane.apply(['--skip-canary']), rolledBack);
          assert.match(errorLine(ran), new RegExp(component));
          assert.match(ran.stderr, words);
          const { result, reason } = plane.lastRevision();
          assert.equal(result, 'rolled-back');
          assert.match(reason ?? '', words);
          await plane.settled();
        });
      }

      await t.test('one that only shows for real is undone, with the container’s own lines', async () => {
        plane.configure({ 'kube-scheduler': { 'secure-port': port } });
        const others = plane.pids();
        const ran = await portTakenAtSwap(plane, port);
        assert.match(errorLine(expectCode(ran, rolledBack)), /kube-scheduler/);
        assert.match(ran.stderr, new RegExp(`listen tcp.*:${port}: bind: address already in use`));
        assert.match(ran.stderr, new RegExp(`pid ${process.pid}`));
        await plane.settled();
        for (const name of componentNames.slice(0, 3)) assert.equal(plane.pids()[name], others[name], name);
      });

      await t.test('is left as it is when that is asked for, and a good change gets out of it', async () => {
        plane.configure({ 'kube-scheduler': { 'secure-port': port } });
        const ran = await portTakenAtSwap(plane, port, ['--no-rollback']);
        assert.match(errorLine(expectCode(ran, 1)), /--no-rollback/);
        assert.match(ran.stderr, /address already in use/);
        assert.equal(plane.lastRevision().result, 'failed');
        assert.equal(plane.journal(), undefined);
        assert.match(plane.manifests()['kube-scheduler'] ?? '', new RegExp(`--secure-port=${port}`));
        plane.configure({});
        expectCode(await plane.apply(), 0);
        await plane.settled();
      });

      await t.test('of the second component takes the first one back too', async () => {
        plane.configure({ 'kube-controller-manager': { v: 3 }, 'kube-scheduler': { 'secure-port': port } });
        const before = plane.manifests();
        expectCode(await portTakenAtSwap(plane, port), rolledBack);
        assert.deepEqual(plane.manifests(), before);
        await plane.settled();
        assert.equal(plane.runningFlag('kube-controller-manager', 'v'), undefined);
      });
    });
  });
}

async function aPlane(t: { after(clean: () => unknown): void }, runtime: RuntimeUnderTest): Promise<RolloutPlane> {
  const plane = new RolloutPlane(runtime);
  t.after(() => plane.destroy());
  expectCode(await plane.init(), 0);
  return plane;
}

function stateOf(plane: RolloutPlane) {
  return { pids: plane.pids(), manifests: plane.manifests(), revisions: plane.revisions().length };
}

/** The line that says what is wrong: the first of the error. */
function errorLine({ stderr }: Ran): string {
  const line = stderr.split('\n').find((text) => text.startsWith('error: '));
  assert.ok(line !== undefined, stderr);
  return line;
}

/** An apply whose new scheduler finds its port taken, by this process, after the canary has passed. */
async function portTakenAtSwap(plane: RolloutPlane, port: number, args: readonly string[] = []): Promise<Ran> {
  const running = plane.apply(args);
  let server: Server | undefined;
  const ended = running.finally(() => server?.close());
  await eventually('the canary has passed', () => plane.journal()?.step === 'swap' || undefined);
  server = createServer().listen(port, '127.0.0.1');
  return ended;
}
