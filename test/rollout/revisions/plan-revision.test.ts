import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRevision } from '../../../src/rollout/revisions/plan-revision.ts';
import type { Fingerprint } from '../../../src/rollout/revisions/revision.ts';
import { aPodManifest, aRevision } from '../../fakes/revision-builders.ts';

const certificate = (fingerprint: string): Fingerprint => ({
  path: '/etc/kubernetes/pki/apiserver.crt',
  kind: 'certificate',
  fingerprint,
});

test('the first revision has everything in it', () => {
  const plan = planRevision(undefined, aRevision(1));
  assert.deepEqual(plan.do === 'create' && plan.changes, ['the first revision']);
});

test('nothing changed, no revision; also when a mounted file did, which nothing has taken up', () => {
  const current = aRevision(3, { files: { 'kube-scheduler': { '/s': 'a' } } });
  assert.deepEqual(planRevision(current, current), { do: 'keep', because: 'nothing changed since revision 3' });
  assert.equal(planRevision(current, { ...current, files: { 'kube-scheduler': { '/s': 'b' } } }).do, 'keep');
});

test('a changed manifest makes a revision that says the flag, with new files for that component only', () => {
  const current = aRevision(1, {
    manifests: { etcd: aPodManifest('etcd'), 'kube-scheduler': aPodManifest('kube-scheduler', { v: '2' }) },
    files: { etcd: { '/e': 'old' }, 'kube-scheduler': { '/s': 'old' }, none: { '/n': 'old' } },
  });
  const plan = planRevision(current, {
    ...current,
    manifests: { ...current.manifests, 'kube-scheduler': aPodManifest('kube-scheduler', { v: '4' }) },
    files: { etcd: { '/e': 'new' }, 'kube-scheduler': { '/s': 'new' }, none: { '/n': 'new' } },
  });
  assert.deepEqual(plan, {
    do: 'create',
    because: 'kube-scheduler --v 2 → 4',
    changes: ['kube-scheduler --v 2 → 4'],
    files: { etcd: { '/e': 'old' }, 'kube-scheduler': { '/s': 'new' }, none: { '/n': 'new' } },
  });
});

test('a certificate issued anew makes a revision, and so does the configuration alone', () => {
  const current = aRevision(1, { certificates: [certificate('AA:BB:CC:DD:EE')] });
  const renewed = planRevision(current, { ...current, certificates: [certificate('11:22:33:44:55')] });
  assert.equal(renewed.because, 'apiserver.crt aabbccdd → 11223344');
  const configured = planRevision(current, {
    ...current,
    configuration: current.configuration.replace('kubernetes', 'other'),
  });
  assert.equal(configured.because, 'ClusterConfiguration clusterName kubernetes → other');
});

test('what had failed and is healthy now is a revision to go back to', () => {
  const current = aRevision(2, { result: 'failed' });
  assert.equal(planRevision(current, current).because, 'revision 2 was failed, and is healthy now');
});
