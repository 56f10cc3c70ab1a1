import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planLive } from '../../../src/rollout/live/plan-live.ts';
import type { Change, ComponentPlan } from '../../../src/rollout/types.ts';

const change = (name: string, more: Partial<Change> = {}): Change => ({
  what: 'flag',
  name,
  because: 'the configuration asks for it',
  cause: 'configuration',
  ...more,
});

function planOf(component: ComponentPlan['component'], changes: readonly Change[], restart = true) {
  return planLive({ components: [{ component, changes, restart, because: '' }], files: [] });
}

describe('apply --live', () => {
  test('sets another verbosity', () => {
    const plan = planOf('kube-apiserver', [change('--v', { from: '2', to: '4' })]);
    assert.deepEqual(plan, { steps: [{ component: 'kube-apiserver', from: '2', to: '4' }], left: [] });
  });

  test('takes a flag that is gone for the default', () => {
    const { steps } = planOf('kube-scheduler', [change('--v', { from: '4' })]);
    assert.deepEqual(steps, [{ component: 'kube-scheduler', from: '4', to: '0' }]);
  });

  test('leaves what is read at start, and sets the verbosity all the same', () => {
    const { steps, left } = planOf('kube-apiserver', [change('--v', { to: '4' }), change('--profiling')]);
    assert.equal(steps.length, 1);
    assert.deepEqual(left, [{ what: 'kube-apiserver', because: '--profiling: it takes that up only when it starts' }]);
  });

  test('can set nothing in etcd', () => {
    const { steps, left } = planOf('etcd', [change('--log-level', { to: 'debug' })]);
    assert.deepEqual(steps, []);
    assert.deepEqual(left, [{ what: 'etcd', because: '--log-level: it takes that up only when it starts' }]);
  });

  test('leaves certificates to apply, which needs no restart for them', () => {
    const { left } = planOf('kube-apiserver', [change('apiserver.crt', { what: 'certificate' })], false);
    assert.match(left[0]?.because ?? '', /`bootstrap apply` puts it right, without a restart/);
  });

  test('has nothing to do where nothing differs', () => {
    assert.deepEqual(planOf('kube-scheduler', [], false), { steps: [], left: [] });
  });
});
