import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { availableMemory, tooLittleMemory } from '../../../src/rollout/canary/memory.ts';
import { planTrials } from '../../../src/rollout/canary/plan-trials.ts';

const shown = (trials: ReturnType<typeof planTrials>) => trials.map(({ component, role }) => `${component} ${role}`);

describe('whom a trial needs', () => {
  test('etcd needs nobody', () => assert.deepEqual(shown(planTrials(['etcd'])), ['etcd changed']));
  test('the API server needs an etcd', () => {
    assert.deepEqual(shown(planTrials(['kube-apiserver'])), ['etcd server', 'kube-apiserver changed']);
  });
  test('the scheduler needs both, and all come in the rolling order', () => {
    assert.deepEqual(shown(planTrials(['kube-scheduler', 'etcd'])), [
      'etcd changed',
      'kube-apiserver server',
      'kube-scheduler changed',
    ]);
  });
  test('nothing needs nothing', () => assert.deepEqual(planTrials([]), []));
});

describe('memory for trials', () => {
  const mebi = 2 ** 20;
  test('is enough, or the reason says how much is missing', () => {
    assert.equal(tooLittleMemory(['etcd'], 224 * mebi), undefined);
    assert.equal(
      tooLittleMemory(['etcd', 'kube-apiserver'], 300 * mebi),
      '300 MiB of memory are available, and they may need 624 MiB',
    );
  });
  test('counts as enough where the machine does not say', () =>
    assert.equal(tooLittleMemory(['etcd'], undefined), undefined));
  test('is read from /proc/meminfo', () => {
    assert.equal(availableMemory('MemTotal: 10 kB\nMemAvailable:    2048 kB\n'), 2 * mebi);
    assert.equal(availableMemory(''), undefined);
  });
});
