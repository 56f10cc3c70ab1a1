import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planObjects } from '../../../src/cluster/plan-objects.ts';
import type { WantedObject } from '../../../src/cluster/wanted-object.ts';
import { type ObjectFacts, planObjectChanges } from '../../../src/rollout/objects/plan-object-changes.ts';
import { clusterWith, wantedMap } from '../../fakes/object-builders.ts';

const kubelet = (maxPods: number) =>
  wantedMap('kubelet-config', { kubelet: `kind: KubeletConfiguration\nmaxPods: ${maxPods}\n` });

async function changes(
  ways: { readonly wanted: readonly WantedObject[]; readonly live: readonly WantedObject[] } & Partial<ObjectFacts>,
) {
  const { wanted, live, ...facts } = ways;
  const plans = await planObjects(clusterWith(live).client, wanted);
  return planObjectChanges({ plans, lastGood: undefined, switchedOn: [], ...facts });
}

const lastGood = (...objects: readonly WantedObject[]) => ({ number: 3, objects });

describe('the objects in the cluster', () => {
  test('that are as configured make no change', async () => {
    const same = [kubelet(110)];
    assert.deepEqual(await changes({ wanted: same, live: same, lastGood: lastGood(...same) }), {
      changes: [],
      notes: [],
    });
  });

  test('differ field by field inside their documents, because the configuration says so', async () => {
    const found = await changes({ wanted: [kubelet(50)], live: [kubelet(110)], lastGood: lastGood(kubelet(110)) });
    const [change, ...others] = found.changes;
    assert.deepEqual(others, []);
    assert.equal(change?.name, 'ConfigMap kube-system/kubelet-config kubelet: maxPods');
    assert.deepEqual([change?.from, change?.to, change?.cause], ['110', '50', 'configuration']);
  });

  test('that somebody changed in the cluster are told apart from what the configuration changes', async () => {
    const two = (maxPods: number, port: number) =>
      wantedMap('kubelet-config', {
        kubelet: `kind: KubeletConfiguration\nmaxPods: ${maxPods}\nhealthzPort: ${port}\n`,
      });
    const found = await changes({ wanted: [two(50, 1)], live: [two(110, 2)], lastGood: lastGood(two(110, 1)) });
    assert.deepEqual(
      found.changes.map(({ name, cause }) => `${name.split(' ').at(-1)} ${cause}`),
      ['healthzPort object changed', 'maxPods configuration'],
    );
  });

  test('that were removed are named once, with who did it', async () => {
    const [a, b] = [kubelet(110), wantedMap('other', {})];
    const found = await changes({ wanted: [a, b], live: [b], lastGood: lastGood(a, b) });
    assert.deepEqual(found.changes, [
      {
        what: 'object',
        name: 'ConfigMap kube-system/kubelet-config',
        cause: 'object deleted',
        because: 'was removed from the cluster',
      },
    ]);
  });

  test('of a phase that init skipped are left alone and named in a note', async () => {
    const proxy = wantedMap('kube-proxy', {}, 'addon/kube-proxy');
    const found = await changes({ wanted: [proxy, kubelet(1)], live: [kubelet(1)], lastGood: lastGood(proxy) });
    assert.deepEqual(found.changes, []);
    assert.match(found.notes.join(), /nothing of addon\/kube-proxy: left so; bootstrap init phase addon kube-proxy/);
    const enabled = await changes({ wanted: [proxy], live: [], switchedOn: ['addon/kube-proxy'] });
    assert.equal(enabled.changes.length, 1);
  });

  test('that could not be compared are a note, not a change', () => {
    const facts = { plans: undefined, problem: 'connect ECONNREFUSED', lastGood: undefined, switchedOn: [] };
    const { changes: none, notes } = planObjectChanges(facts);
    assert.deepEqual(none, []);
    assert.match(notes.join(), /could not be compared: connect ECONNREFUSED/);
  });

  test('show neither passwords in addresses nor whole texts', async () => {
    const file = (text: string) => wantedMap('coredns', { Corefile: text });
    const [from, to] = ['.:53 {\n  forward . a\n}\n', '.:53 {\n  forward . http://me:secret@b\n}\n'];
    const { changes: found } = await changes({ wanted: [file(to)], live: [file(from)] });
    assert.deepEqual([found[0]?.from, found[0]?.to], ['forward . a', 'forward . http://(hidden)@b']);
  });
});
