import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planMove } from '../../../src/rollout/move/plan-move.ts';
import { isEmptyPlan, planRollout } from '../../../src/rollout/plan/plan.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { aPlane } from '../../fakes/rollout-builders.ts';

const docker = { type: 'docker', endpoint: 'unix:///var/run/docker.sock' } as const;
const processes = { type: 'process' } as const;
const usual = anEcdsaConfig();
const asking = (type: 'auto' | 'docker' | 'process') => ({
  bootstrap: { ...usual.bootstrap, runtime: { type, endpoint: undefined } },
});
const others = [{ file: '/etc/kubernetes/manifests/own.yaml', pod: 'default/own-node1' }];

test('another type is a move, the same one and auto are none, and what nobody knows does not move', () => {
  const input = { config: asking('docker'), present: processes, wanted: docker, others };
  assert.deepEqual(planMove(input), { from: processes, to: docker, pods: ['default/own-node1'] });
  assert.equal(planMove({ ...input, present: { type: 'docker', endpoint: 'unix:///other.sock' } }), undefined);
  assert.equal(planMove({ ...input, config: asking('auto') }), undefined);
  assert.equal(planMove({ ...input, present: undefined }), undefined);
});

test('a move restarts every component in its order, the API server without an overlap, and names the other pods', async () => {
  const move = { from: processes, to: docker, pods: ['default/own-node1'] };
  const plan = planRollout({ ...(await aPlane()), move });
  assert.equal(isEmptyPlan(plan), false);
  assert.deepEqual(
    plan.components.map(({ component, restart, order }) => [component, restart, order]),
    [
      ['etcd', true, 1],
      ['kube-apiserver', true, 2],
      ['kube-controller-manager', true, 3],
      ['kube-scheduler', true, 4],
    ],
  );
  assert.ok(plan.components.every(({ because }) => because === 'it moves from process to docker'));
  assert.equal(plan.components[1]?.changeOver?.way, 'recreate');
  assert.match(plan.components[1]?.expectedApiGap ?? '', /the API does not answer for the 3 to 6 s/);
  assert.ok(plan.notes.some((note) => /move to docker too, after the components.*: default\/own-node1$/.test(note)));
  assert.deepEqual(plan.blocked, []);
});
