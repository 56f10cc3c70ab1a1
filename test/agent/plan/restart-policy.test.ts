import assert from 'node:assert/strict';
import test from 'node:test';
import {
  initRestartsAfter,
  restartsAfter,
  restartsAfterStop,
  restartsAll,
} from '../../../src/agent/plan/restart-policy.ts';
import type { Container, RestartPolicy } from '../../../src/kube/types.ts';
import { aContainer, aPod } from '../../fakes/agent-builders.ts';

type Rules = NonNullable<Container['restartPolicyRules']>;
const on = (action: Rules[number]['action'], operator: 'In' | 'NotIn', ...values: number[]): Rules => [
  { action, exitCodes: { operator, values } },
];

test('restarts by the first rule that matches, else by the container’s policy, else by the pod’s', () => {
  const cases: readonly [RestartPolicy, Partial<Container>, number | undefined, boolean][] = [
    ['Always', {}, 0, true],
    ['Always', {}, 1, true],
    ['OnFailure', {}, 0, false],
    ['OnFailure', {}, 1, true],
    ['OnFailure', {}, undefined, true],
    ['Never', {}, 1, false],
    ['Never', { restartPolicy: 'Always' }, 0, true],
    ['Never', { restartPolicy: 'OnFailure' }, 0, false],
    ['Never', { restartPolicy: 'OnFailure' }, 1, true],
    ['Always', { restartPolicy: 'Never' }, 1, false],
    ['Always', { restartPolicy: 'Never', restartPolicyRules: on('Restart', 'In', 42) }, 42, true],
    ['Always', { restartPolicy: 'Never', restartPolicyRules: on('Restart', 'In', 42) }, 1, false],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: on('Restart', 'NotIn', 0) }, 7, true],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: on('Restart', 'NotIn', 0) }, 0, false],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: on('Restart', 'NotIn', 0) }, undefined, false],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: on('RestartAllContainers', 'In', 42) }, 42, true],
    ['Never', { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart' }] }, 42, false],
  ];
  for (const [restartPolicy, change, exitCode, expected] of cases) {
    const title = `${restartPolicy} ${JSON.stringify(change)} ${exitCode}`;
    assert.equal(restartsAfter(aPod({ restartPolicy }), aContainer(change), exitCode), expected, title);
  }
});

test('an ordinary init container is done when it succeeded, whatever the policy', () => {
  for (const restartPolicy of ['Always', 'OnFailure', 'Never'] as const) {
    assert.equal(initRestartsAfter(aPod({ restartPolicy }), aContainer(), 0), false);
    assert.equal(initRestartsAfter(aPod({ restartPolicy }), aContainer(), 1), restartPolicy !== 'Never');
  }
});

test('the first matching rule says whether all containers are restarted', () => {
  const both = [...on('Restart', 'In', 1, 2), ...on('RestartAllContainers', 'NotIn', 0)];
  const container = aContainer({ restartPolicy: 'Never', restartPolicyRules: both });
  assert.deepEqual(
    [0, 1, 2, 3].map((exitCode) => restartsAll(container, exitCode)),
    [false, false, false, true],
  );
});

test('what we stop to have it started again is started unless its policy is Never', () => {
  const cases: readonly [RestartPolicy, Container['restartPolicy'], boolean][] = [
    ['Always', undefined, true],
    ['OnFailure', undefined, true],
    ['Never', undefined, false],
    ['Never', 'OnFailure', true],
    ['Always', 'Never', false],
  ];
  for (const [restartPolicy, own, expected] of cases) {
    const container = aContainer(own === undefined ? {} : { restartPolicy: own });
    assert.equal(restartsAfterStop(aPod({ restartPolicy }), container), expected, `${restartPolicy} ${own}`);
  }
});
