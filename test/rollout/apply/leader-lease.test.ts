import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import type { AgentStatus } from '../../../src/kube/agent-socket.ts';
import { ApiStatusError, type KubeClient } from '../../../src/kube/client.ts';
import type { ComponentSwap, RolloutContext } from '../../../src/rollout/apply/context.ts';
import { swapLeader } from '../../../src/rollout/apply/leader-lease.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const file = '/etc/kubernetes/manifests/kube-controller-manager.yaml';
const leasePath = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager';

/** A plane whose old instance goes 2 s after the swap. */
function setup(change: { readonly holder?: string; readonly flags?: readonly string[] } = {}) {
  const clock = new FakeClock();
  const lease = { holder: change.holder ?? 'node1_aaa', version: 7, asked: [] as string[], patches: [] as unknown[] };
  const agent = { containers: [{ id: 'docker://old', running: true }] as { id: string; running: boolean }[], asked: 0 };
  const warnings: string[] = [];
  const command = ['kube-controller-manager', '--leader-elect=true', ...(change.flags ?? [])];
  const manifest = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ command }] } };
  const client = {
    get: async (path: string) => {
      lease.asked.push(path);
      return { metadata: { resourceVersion: String(lease.version) }, spec: { holderIdentity: lease.holder } };
    },
    patch: async (
      _path: string,
      patch: { metadata: { resourceVersion: string }; spec: { holderIdentity: string } },
    ) => {
      if (patch.metadata.resourceVersion !== String(lease.version))
        throw new ApiStatusError('PATCH', 409, { reason: 'Conflict', message: 'modified' });
      lease.patches.push(patch);
      lease.holder = patch.spec.holderIdentity;
    },
  } as unknown as KubeClient;
  const status = async () => {
    agent.asked += 1;
    const containerStatuses = agent.containers.map(({ id, running }) => ({
      containerID: id,
      state: running ? { running: { startedAt: '' } } : { terminated: { exitCode: 0 } },
    }));
    return { pods: [{ file, pod: { status: { containerStatuses } } }] } as unknown as AgentStatus;
  };
  const context = {
    host: aHost(new MemoryHost({ [file]: JSON.stringify(manifest) })),
    paths: pathsOf('/'),
    clock,
    signal: new AbortController().signal,
    kube: async () => client,
    log: { ...silentLog, warn: (text: string) => warnings.push(text) },
    agent: { status },
  } as unknown as RolloutContext;
  const swap = {
    component: 'kube-controller-manager',
    swap: async () => {
      clock.after(2_000, () => {
        agent.containers = [{ id: 'docker://new', running: true }];
      });
    },
  } as unknown as ComponentSwap;
  return { clock, lease, agent, warnings, context, swap, client };
}

describe('the Lease of a replaced leader', () => {
  test('is freed as soon as the old instance has exited, not before, and only as it was read', async () => {
    const { clock, lease, context, swap } = setup();
    const swapped = swapLeader(context, swap);
    await clock.advance(1_900);
    assert.equal(lease.holder, 'node1_aaa');
    await clock.advance(200);
    await swapped;
    assert.deepEqual(lease.patches, [{ metadata: { resourceVersion: '7' }, spec: { holderIdentity: '' } }]);
    assert.deepEqual([...new Set(lease.asked)], [leasePath]);
  });

  for (const [holder, whose] of [
    ['node2_bbb', 'another machine'],
    ['', 'nobody'],
    ['node10_ccc', 'a machine whose name begins alike'],
  ] as const) {
    test(`that ${whose} holds is left alone, and nobody waits`, async () => {
      const { lease, context, swap, agent } = setup({ holder });
      await swapLeader(context, swap);
      assert.deepEqual([lease.patches, agent.asked], [[], 1]);
    });
  }

  test('that somebody took meanwhile stays theirs', async () => {
    const { clock, lease, context, swap } = setup();
    const swapped = swapLeader(context, swap);
    await clock.advance(1_000);
    lease.holder = 'node1_new';
    await clock.advance(2_000);
    await swapped;
    assert.deepEqual([lease.patches, lease.holder], [[], 'node1_new']);
  });

  test('that changes between reading and writing is left alone, without a word', async () => {
    const { clock, context, swap, client, lease, warnings } = setup();
    const { get } = client;
    client.get = async (path) => {
      const found = await get(path);
      lease.version += 1;
      return found as never;
    };
    const swapped = swapLeader(context, swap);
    await clock.advance(3_000);
    await swapped;
    assert.deepEqual([warnings, lease.patches], [[], []]);
  });

  test('is looked for where the flags say, and not at all without an election', async () => {
    const named = setup({ flags: ['--leader-elect-resource-name=kcm', '--leader-elect-resource-namespace=other'] });
    const swapped = swapLeader(named.context, named.swap);
    await named.clock.advance(3_000);
    await swapped;
    assert.match(named.lease.asked.join(), /namespaces\/other\/leases\/kcm/);
    const alone = setup({ flags: ['--leader-elect=false'] });
    await swapLeader(alone.context, alone.swap);
    assert.deepEqual(alone.lease.asked, []);
  });

  test('cannot be had from an API server that is away: the swap is done all the same', async () => {
    const { context, swap, warnings } = setup();
    let swapped = 0;
    const away = { ...context, kube: async () => Promise.reject(new Error('connection refused')) };
    const counted = async () => {
      swapped += 1;
    };
    await swapLeader(away, { ...swap, swap: counted });
    assert.deepEqual([swapped, warnings.length], [1, 1]);
  });

  test('that the swap fails is said by the swap', async () => {
    const { context, swap } = setup();
    const broken = { ...swap, swap: async () => Promise.reject(new Error('no room')) };
    await assert.rejects(swapLeader(context, broken), /no room/);
  });
});
