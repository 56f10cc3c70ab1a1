import assert from 'node:assert/strict';
import test from 'node:test';
import { oomScoreAdj, qosClass } from '../../../src/agent/containers/qos.ts';
import { containerResources } from '../../../src/agent/containers/resources.ts';
import { aContainer, aPod } from '../../fakes/agent-builders.ts';

const memory = 4 * 2 ** 30;
const withResources = (resources: ReturnType<typeof aContainer>['resources']) => aContainer({ resources });

test('requests become shares, limits become quota and bytes', () => {
  const container = withResources({ requests: { cpu: '250m' }, limits: { cpu: '1500m', memory: '64Mi' } });
  const { cpuShares, cpuQuota, memoryLimitBytes } = containerResources(aPod({ containers: [container] }), container, {
    memoryBytes: memory,
  });
  assert.deepEqual(
    { cpuShares, cpuQuota, memoryLimitBytes },
    { cpuShares: 256, cpuQuota: 150_000, memoryLimitBytes: 2 ** 26 },
  );
});

test('without requests a container gets the least', () => {
  const container = aContainer();
  const resources = containerResources(aPod(), container, { memoryBytes: memory });
  assert.deepEqual(resources, { cpuShares: 2, oomScoreAdj: 1000 });
});

test('the class of a pod, and what it means for the OOM killer', () => {
  const equal = withResources({ requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } });
  const some = withResources({ requests: { memory: '1Gi' } });
  const none = aContainer();
  for (const [container, quality, score] of [
    [equal, 'Guaranteed', -997],
    [some, 'Burstable', 750],
    [none, 'BestEffort', 1000],
  ] as const) {
    const pod = aPod({ containers: [container] });
    assert.equal(qosClass(pod), quality);
    assert.equal(oomScoreAdj(pod, container, memory), score);
  }
  const critical = aPod({ containers: [some], priorityClassName: 'system-node-critical' });
  assert.equal(oomScoreAdj(critical, some, memory), -997);
});
