import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planRollout } from '../../../src/rollout/plan/plan.ts';
import { blockedSkew, blockedVersions, imageVersion, versionNotes } from '../../../src/rollout/plan/version-skew.ts';
import type { ComponentPlan, RolloutPlan } from '../../../src/rollout/types.ts';
import { aComponentPod } from '../../fakes/init-context.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { aPlane, renderedPods } from '../../fakes/rollout-builders.ts';

describe('a change of version', () => {
  const cases: readonly [string, string, boolean][] = [
    ['v1.37.1', 'v1.37.2', true],
    ['v1.37.2', 'v1.37.1', true],
    ['v1.36.9', 'v1.37.0', true],
    ['v1.37.2', 'v1.37.2-rc.1', true],
    ['v1.35.1', 'v1.37.2', false],
    ['v1.37.2', 'v1.36.9', false],
    ['v1.37.2', 'v2.0.0', false],
  ];
  for (const [from, to, allowed] of cases) {
    test(`from ${from} to ${to} is ${allowed ? 'possible' : 'blocked'}`, () => {
      assert.equal(blockedVersions([{ component: 'kube-apiserver', from, to }]).length, allowed ? 0 : 1);
    });
  }

  test('of all components is one entry, of etcd its own', () => {
    const steps = (['etcd', 'kube-apiserver', 'kube-scheduler'] as const).map((component) => ({
      component,
      from: 'v1.37.2',
      to: 'v1.36.0',
    }));
    assert.deepEqual(
      blockedVersions(steps).map(({ field }) => field),
      ['etcd.local.imageTag', 'kubernetesVersion'],
    );
  });

  test('is read from the tag, where that is a version', () => {
    const tags: readonly [string, string | undefined][] = [
      ['registry.k8s.io/etcd:3.7.0-0', '3.7.0-0'],
      ['localhost:5000/kube-apiserver:v1.37.2@sha256:abc', 'v1.37.2'],
      ['localhost:5000/kube-apiserver', undefined],
      ['kube-apiserver:latest', undefined],
      ['kube-apiserver:v1.37.2_k3s1', 'v1.37.2+k3s1'],
    ];
    for (const [image, version] of tags) {
      const { pod } = aComponentPod('kube-apiserver');
      const containers = pod.spec.containers.map((container) => ({ ...container, image }));
      assert.equal(imageVersion({ ...pod, spec: { ...pod.spec, containers } }), version, image);
    }
  });

  test('up a minor version says that there is no way back but the snapshot', () => {
    const step = (from: string, to: string) => ({ component: 'kube-apiserver' as const, from, to });
    assert.deepEqual(versionNotes([step('v1.37.1', 'v1.37.2'), step('v1.37.2', 'v1.37.1')]), []);
    assert.match(versionNotes([step('v1.36.3', 'v1.37.2')]).join(), /goes up a minor version.* the snapshot of etcd/);
  });

  describe('of one component alone', () => {
    const plan = (...changed: readonly [string, string, string][]): Pick<RolloutPlan, 'components'> => ({
      components: changed.map(([component, from, to]) => ({
        ...{ component, restart: true, because: '' },
        changes: [{ what: 'image', name: 'image', from: `${component}:${from}`, to: `${component}:${to}` }],
      })) as unknown as readonly ComponentPlan[],
    });
    const minor = plan(['kube-apiserver', 'v1.36.3', 'v1.37.2'], ['kube-controller-manager', 'v1.36.3', 'v1.37.2']);

    test('never makes a client newer than the API server that stays', () => {
      const [blocked] = blockedSkew(minor, 'kube-controller-manager');
      assert.match(blocked?.because ?? '', /may not be newer than kube-apiserver, which stays at v1\.36\.3/);
    });

    test('is possible for the API server first, for a patch, and when the API server is there already', () => {
      assert.deepEqual(blockedSkew(minor, 'kube-apiserver'), []);
      const patch = plan(['kube-apiserver', 'v1.37.1', 'v1.37.2'], ['kube-scheduler', 'v1.37.1', 'v1.37.2']);
      assert.deepEqual(blockedSkew(patch, 'kube-scheduler'), []);
      assert.deepEqual(blockedSkew(plan(['kube-scheduler', 'v1.36.3', 'v1.37.2']), 'kube-scheduler'), []);
    });
  });

  describe('down a minor version', () => {
    const config = (kubernetesVersion: string) => {
      const base = anEcdsaConfig();
      return { ...base, cluster: { ...base.cluster, kubernetesVersion } };
    };
    const blocked = (facts: Parameters<typeof planRollout>[0]) => planRollout(facts).blocked.map(({ field }) => field);
    const downwards = () => aPlane({ former: config('v1.37.2'), config: config('v1.36.3') });

    test('is blocked, also where somebody put the newer one there by hand', async () => {
      const facts = await downwards();
      assert.deepEqual(blocked(facts), ['kubernetesVersion']);
      const older = new Map(
        [...(await renderedPods(config('v1.36.3')))].map(([name, { pod }]) => [name, pod] as const),
      );
      const lastGood = { number: 1, atMs: 0, pods: older };
      assert.deepEqual(blocked({ ...facts, lastGood }), ['kubernetesVersion']);
    });

    test('is the way back from a change that failed and was left', async () => {
      const facts = await downwards();
      const older = new Map(
        [...(await renderedPods(config('v1.36.3')))].map(([name, { pod }]) => [name, pod] as const),
      );
      const newer = new Map(
        [...(await renderedPods(config('v1.37.2')))].map(([name, { pod }]) => [name, pod] as const),
      );
      const failed = { ...facts, lastGood: { number: 1, atMs: 0, pods: older }, lastWritten: newer };
      assert.deepEqual(blocked(failed), []);
    });
  });
});
