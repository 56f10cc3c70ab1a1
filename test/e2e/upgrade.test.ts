import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import type { RolloutPlan } from '../../src/rollout/types.ts';
import { expectCode } from './support/command.ts';
import { type RuntimeUnderTest, runtimes } from './support/engine.ts';
import { assertNothingLost, startProbing } from './support/probing-clients.ts';
import { type Flags, RolloutPlane } from './support/rollout-plane.ts';

const newer = 'v1.37.2';
/** Of the same source under another patch version (test/components/catalogue.ts). */
const olderPatch = 'v1.37.1+from-v1.37.2';
/** A source of its own, which takes minutes to compile: only for the whole matrix. */
const olderMinors = process.env.E2E_MATRIX === 'all' ? ['v1.36.3'] : [];

const changing = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

for (const runtime of runtimes(['process'])) {
  describe(`a change of the Kubernetes version on ${runtime}`, () => {
    test('to another patch and back again', { timeout: 400_000 }, async (t) => {
      const plane = await aPlaneOf(t, { runtime, version: olderPatch });

      await t.test('is planned with images, order and the snapshot, and etcd stays', async () => {
        plane.wants(newer);
        const plan = await plane.plan();
        assert.deepEqual(
          imageChanges(plan),
          changing.map((name) => [name, tag(olderPatch), newer]),
        );
        assert.deepEqual(
          plan.components.flatMap(({ component, order }) => (order === undefined ? [] : [[component, order]])),
          changing.map((name, index) => [name, index + 1]),
        );
        assert.ok(
          plan.notes.some((note) => /a snapshot of etcd is taken first/.test(note)),
          plan.notes.join('\n'),
        );
        assert.deepEqual(plan.blocked, []);
      });

      await t.test('loses nothing while clients write and watch', async () => {
        const probing = await startProbing({ kubeconfig: plane.path('etc/kubernetes/admin.conf') });
        t.after(() => probing.kill());
        expectCode(await plane.apply(['--message', 'patch']), 0);
        assertNothingLost(await probing.stop());
        await plane.assertVersion(newer);
        assert.match(readdirSync(plane.path('var/lib/bootstrap/snapshots')).join(), /^revision-2-/);
      });

      await t.test('goes back by rollback, with all objects', async () => {
        expectCode(await plane.bootstrap(['rollback']), 0);
        await plane.assertVersion(olderPatch);
        await plane.assertObjects();
      });

      await t.test('with a flag that the new version does not know is refused before anything is touched', async () => {
        const before = plane.pids();
        plane.wants(newer, { 'kube-scheduler': { 'gone-flag': 1 } });
        const { blocked } = await plane.plan();
        assert.deepEqual(
          blocked.map(({ because }) => because),
          [`kube-scheduler ${newer} has no flag --gone-flag`],
        );
        assert.match(expectCode(await plane.apply(), 2).stderr, /has no flag --gone-flag/);
        assert.equal(existsSync(plane.path('var/lib/bootstrap/flags')), false);
        assert.deepEqual(plane.pids(), before);
      });

      await t.test('down a minor version, or to one that this release cannot deploy, is refused', async () => {
        const before = plane.pids();
        plane.wants('v1.36.3');
        assert.match(expectCode(await plane.apply(), 2).stderr, /Kubernetes never goes down a minor version/);
        plane.wants('v1.38.0');
        assert.match(expectCode(await plane.apply(), 3).stderr, /v1\.38\.0 cannot be deployed by this release/);
        assert.deepEqual(plane.pids(), before);
      });
    });

    for (const older of olderMinors) {
      test(`from ${older} to ${newer}, and back only while it is not good`, { timeout: 400_000 }, async (t) => {
        const plane = await aPlaneOf(t, { runtime, version: older });

        await t.test('a failure on the way takes back what has changed already', async () => {
          plane.wants(newer, { 'kube-scheduler': { config: '/none.yaml' } });
          expectCode(await plane.apply(['--skip-canary']), 5);
          await plane.settled();
          await plane.assertVersion(older);
          await plane.assertObjects();
        });

        await t.test('the controller manager alone may not become newer than the API server', async () => {
          plane.wants(newer);
          const ran = expectCode(await plane.apply(['--component', 'kube-controller-manager']), 2);
          assert.match(ran.stderr, /may not be newer than kube-apiserver/);
        });

        await t.test('goes up', async () => {
          const plan = await plane.plan();
          assert.deepEqual(
            imageChanges(plan),
            changing.map((name) => [name, older, newer]),
          );
          assert.ok(plan.notes.some((note) => /goes up a minor version/.test(note)));
          expectCode(await plane.apply(), 0);
          await plane.assertVersion(newer);
          await plane.assertObjects();
        });

        await t.test('and not down again', async () => {
          const ran = expectCode(await plane.bootstrap(['rollback']), 2);
          assert.match(ran.stderr, /Kubernetes never goes down a minor version/);
          await plane.assertVersion(newer);
        });
      });
    }
  });
}

class VersionedPlane extends RolloutPlane {
  /** Writes the configuration of this version. */
  wants(version: string, flags: Flags = {}): void {
    this.configure(flags, { cluster: `kubernetesVersion: ${version}\n` });
  }

  async plan(): Promise<RolloutPlan> {
    const ran = await this.bootstrap(['plan', '--config', this.config, '-o', 'json']);
    return JSON.parse(expectCode(ran, 10).stdout) as RolloutPlan;
  }

  /** What the API server says of itself, and from which images the components run. */
  async assertVersion(version: string): Promise<void> {
    const { stdout } = expectCode(await this.kubectl(['get', '--raw', '/version']), 0);
    assert.equal(JSON.parse(stdout).gitVersion, version);
    const { pods } = await this.status();
    const images = pods.flatMap(({ status }) => status.containerStatuses.map(({ image }) => image ?? ''));
    const kubernetes = images.filter((image) => image.includes('/kube-'));
    assert.deepEqual(
      kubernetes.sort(),
      changing.map((name) => `registry.k8s.io/${name}:${tag(version)}`),
    );
  }

  async makeObjects(): Promise<void> {
    expectCode(await this.kubectl(['create', 'configmap', 'kept', '--from-literal=a=1']), 0);
    expectCode(await this.kubectl(['create', 'deployment', 'kept', '--image=none', '--replicas=0']), 0);
  }

  async assertObjects(): Promise<void> {
    const args = ['get', 'configmap/kept', 'deployment/kept', '-o', 'jsonpath={.items[*].metadata.name}'];
    assert.equal(expectCode(await this.kubectl(args), 0).stdout, 'kept kept');
  }
}

async function aPlaneOf(
  t: TestContext,
  { runtime, version }: { readonly runtime: RuntimeUnderTest; readonly version: string },
): Promise<VersionedPlane> {
  const plane = new VersionedPlane(runtime, { healthTimeout: '3m' });
  t.after(() => plane.destroy());
  plane.wants(version);
  expectCode(await plane.init(), 0);
  await plane.assertVersion(version);
  await plane.makeObjects();
  return plane;
}

/** As in an image's tag. */
function tag(version: string): string {
  return version.replace('+', '_');
}

function imageChanges({ components }: RolloutPlan): readonly (readonly (string | undefined)[])[] {
  return components.flatMap(({ component, changes }) =>
    changes
      .filter(({ what }) => what === 'image')
      .map(({ from, to }) => [component, from?.split(':').at(-1), to?.split(':').at(-1)]),
  );
}
