import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blockedVersions, imageVersion } from '../../src/rollout/version-skew.ts';
import { aComponentPod } from '../fakes/init-context.ts';

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
    ];
    for (const [image, version] of tags) {
      const { pod } = aComponentPod('kube-apiserver');
      const containers = pod.spec.containers.map((container) => ({ ...container, image }));
      assert.equal(imageVersion({ ...pod, spec: { ...pod.spec, containers } }), version, image);
    }
  });
});
