import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { type ObjectPlan, planObject } from '../../../src/cluster/plan-objects.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { StepTimer } from '../../../src/rollout/apply/events.ts';
import { bringObjects } from '../../../src/rollout/objects/bring-objects.ts';
import { aConfig } from '../../fakes/builders.ts';
import { clusterWith, wantedMap } from '../../fakes/object-builders.ts';
import { HastyClock } from '../../fakes/rollout-world.ts';

const [first, second] = [wantedMap('first', { a: '1' }), wantedMap('second', { a: '1' })];

type Known = { readonly plans?: readonly ObjectPlan[]; readonly signal?: AbortSignal };

function bring(cluster: ReturnType<typeof clusterWith>, { plans, signal = new AbortController().signal }: Known = {}) {
  const clock = new HastyClock();
  const items: string[] = [];
  const report = {
    item: ({ item, action }: { item: string; action: string }) => void items.push(`${action} ${item}`),
    ...{ info() {}, warn() {}, waiting() {}, file() {} },
  };
  const context = {
    ...{ clock, signal, report, log: silentLog, config: aConfig(), paths: pathsOf('/') },
    objects: { wanted: [first, second], switchedOn: [], plans },
    kube: async () => cluster.client,
  };
  return bringObjects(context, new StepTimer(clock, () => {})).then((written) => ({ written, items }));
}

describe('bringing the objects in the cluster along', () => {
  test('writes those that differ and leaves the others', async () => {
    const cluster = clusterWith([first, wantedMap('second', { a: '2' })]);
    const { written, items } = await bring(cluster);
    assert.deepEqual(written, ['ConfigMap kube-system/second']);
    assert.deepEqual(items, ['update ConfigMap kube-system/second']);
    assert.deepEqual(cluster.written, ['second']);
  });

  test('does not ask again what the plan has found', async () => {
    const cluster = clusterWith([first, wantedMap('second', { a: '2' })]);
    const plans = [planObject(first, first.object, first.object), planObject(second, undefined, undefined)];
    assert.deepEqual((await bring(cluster, { plans })).written, ['ConfigMap kube-system/second']);
    assert.deepEqual(cluster.read, ['second']);
  });

  test('writes nothing of a phase that is not in the cluster at all', async () => {
    const cluster = clusterWith([]);
    assert.deepEqual((await bring(cluster)).written, []);
    assert.deepEqual(cluster.written, []);
  });

  test('tries again while the API server does not answer', async () => {
    const { written } = await bring(clusterWith([first], { failing: 20 }));
    assert.deepEqual(written, ['ConfigMap kube-system/second']);
  });

  test('says that the components are well, and ends with 4, when it never answers', async () => {
    await assert.rejects(bring(clusterWith([first], { failing: 1e9 })), (thrown: Error & { exitCode?: number }) => {
      assert.match(thrown.message, /the components are as configured, and healthy/);
      assert.match(String((thrown.cause as Error).message), /ECONNREFUSED/);
      return thrown.exitCode === 4;
    });
  });

  test('ends with 1 when the API server refuses for good', async () => {
    const refused = bring(clusterWith([first], { failing: 1e9, status: 422 }));
    await assert.rejects(refused, (thrown: Error & { exitCode?: number }) => thrown.exitCode === 1);
  });

  test('interrupted, says what the next apply does', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(
      bring(clusterWith([first]), { signal }),
      /interrupted; .*the next bootstrap apply brings the rest/,
    );
  });
});
