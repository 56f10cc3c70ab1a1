import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApiState } from '../../../src/agent/api/agent-api.ts';
import { keepLease } from '../../../src/agent/node/lease-keeper.ts';
import { NodeKeeper } from '../../../src/agent/node/node-keeper.ts';
import type { NodeFacts } from '../../../src/agent/node/node-object.ts';
import type { Lease, Node } from '../../../src/kube/node-types.ts';
import { refusal, refused } from '../../fakes/api-errors.ts';
import { FakeApi } from '../../fakes/fake-api.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { foreignNode, nodeFacts, nodePath } from '../../fakes/node-builders.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const leasePath = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node1';

/** An agent's Node and Lease at an API server in memory. */
class World {
  readonly clock = new FakeClock();
  readonly server = new FakeApi();
  readonly api = new ApiState('node1');
  readonly log = recordingLog();
  readonly over = new AbortController();
  facts: NodeFacts = nodeFacts();
  looks = 0;
  #done: Promise<unknown> = Promise.resolve();

  async start(options: { readonly registerNode?: boolean } = {}): Promise<void> {
    this.api.setClient(this.server.client());
    const doors = { api: this.api, clock: this.clock, log: this.log, random: () => 0.5 };
    const readFacts = async ({ kubeletVersion }: { readonly kubeletVersion: string }) => {
      this.looks += 1;
      return { ...this.facts, kubeletVersion };
    };
    const node = new NodeKeeper({ ...doors, registerNode: options.registerNode ?? true, readFacts });
    this.#done = Promise.all([node.run(this.over.signal), keepLease(doors, this.over.signal)]);
    await this.clock.advance(0);
  }

  async end(): Promise<void> {
    this.over.abort();
    await this.clock.advance(0);
    await this.#done;
  }

  node(): Node | undefined {
    return this.server.objects.get(nodePath) as Node | undefined;
  }

  lease(): Lease | undefined {
    return this.server.objects.get(leasePath) as Lease | undefined;
  }

  reports(): number {
    return this.server.calls.filter((call) => call === `PATCH ${nodePath}/status`).length;
  }
}

describe('the Node of the agent', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  test('is registered with its whole status, and the Lease is made', async () => {
    await world.start();
    const status = world.node()?.status;
    assert.deepEqual(status?.capacity?.pods, '0');
    assert.deepEqual(status?.allocatable?.pods, '0');
    assert.equal(status?.nodeInfo?.kubeletVersion, 'v1.37.2');
    assert.deepEqual(status?.declaredFeatures, ['ExtendWebSocketsToKubelet']);
    assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.equal(world.api.node()?.metadata.uid, world.node()?.metadata.uid);
    assert.equal(world.api.problem(), undefined);
    assert.equal(world.lease()?.metadata.ownerReferences?.[0]?.uid, world.node()?.metadata.uid);
    assert.match(world.lease()?.spec?.renewTime ?? '', /^2026-01-01T00:00:00\.\d{6}Z$/);
  });

  test('is reported sparingly: once in 5 minutes while nothing changes, the Lease every 10 s', async () => {
    await world.start();
    await world.clock.advance(0);
    const renewed = () => world.server.calls.filter((call) => call === `PUT ${leasePath}`).length;
    await world.clock.advance(290_000);
    assert.equal(world.reports(), 0);
    assert.ok(renewed() >= 27 && renewed() <= 29, `${renewed()} renewals in 290 s`);
    await world.clock.advance(30_000);
    assert.equal(world.reports(), 1);
  });

  test('says within 10 s that the runtime is down, and that it is back; the time of the change stays', async () => {
    await world.start();
    await world.clock.advance(60_000);
    world.facts = nodeFacts({ health: { ...nodeFacts().health, problem: 'container runtime is down: no' } });
    await world.clock.advance(11_000);
    const ready = () => world.node()?.status?.conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual([ready()?.status, ready()?.reason], ['False', 'KubeletNotReady']);
    const changed = ready()?.lastTransitionTime;
    await world.clock.advance(600_000);
    assert.equal(ready()?.lastTransitionTime, changed);
    world.facts = nodeFacts();
    await world.clock.advance(11_000);
    assert.deepEqual([ready()?.status, ready()?.reason], ['True', 'KubeletReady']);
  });

  test('keeps conditions of others, and its own against the node controller', async () => {
    await world.start();
    const others = { type: 'NetworkUnavailable', status: 'False', reason: 'R', message: 'm' };
    const unknown = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'm' };
    const node = world.node();
    world.server.put(nodePath, { ...node, status: { ...node?.status, conditions: [others, unknown] } });
    await world.clock.advance(11_000);
    const conditions = world.node()?.status?.conditions ?? [];
    assert.equal(conditions.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.equal(conditions.find(({ type }) => type === 'NetworkUnavailable')?.reason, 'R');
  });

  test('that was deleted is registered again, with a Lease of the new owner', async () => {
    await world.start();
    await world.clock.advance(60_000);
    const uid = world.node()?.metadata.uid;
    world.server.delete(nodePath);
    await world.clock.advance(1_000);
    assert.notEqual(world.node()?.metadata.uid, uid);
    assert.equal(world.api.node()?.metadata.uid, world.node()?.metadata.uid);
    assert.equal(world.lease()?.metadata.ownerReferences?.[0]?.uid, world.node()?.metadata.uid);
  });

  test('that somebody deletes over and over is not made in a hot loop', async () => {
    await world.start();
    for (let second = 0; second < 60; second++) {
      world.server.delete(nodePath);
      await world.clock.advance(1_000);
    }
    const made = world.server.calls.filter((call) => call === 'POST /api/v1/nodes').length;
    assert.ok(made >= 5 && made <= 13, `${made} times in a minute`);
  });

  test('that is there already is adopted: missing labels are added, taints and others stay', async () => {
    const taints = [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }];
    const labels = { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/os': 'plan9' };
    world.server.put(nodePath, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node1', labels },
      spec: { taints },
    });
    await world.start();
    assert.deepEqual(world.node()?.metadata.labels, { ...labels, ...world.facts.labels });
    assert.deepEqual(world.node()?.spec?.taints, taints);
    assert.equal(world.node()?.status?.nodeInfo?.machineID, 'machine-1');
  });

  test('is not made where registering is off, which is said; one made by hand is kept up to date', async () => {
    await world.start({ registerNode: false });
    assert.match(world.api.problem() ?? '', /there is no Node node1, and --register-node is false/);
    world.server.put(nodePath, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' } });
    await world.clock.advance(100);
    assert.equal(world.node()?.status?.capacity?.pods, '0');
    assert.equal(world.api.problem(), undefined);
  });
});

describe('a node name that another machine has', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.server.put(nodePath, foreignNode());
    world.server.put(leasePath, lease(0));
  });
  afterEach(() => world.end());
  const lease = (second: number) => ({ metadata: { name: 'node1' }, spec: { renewTime: `12:00:${second}` } });

  test('is left to it while it lives, with a clear message, and pods see no Node', async () => {
    await world.start();
    for (let second = 0; second < 180; second += 10) {
      world.server.put(leasePath, lease(second));
      await world.clock.advance(10_000);
    }
    assert.match(
      world.api.problem() ?? '',
      /the node name node1 is taken by another machine at 192\.0\.2\.99 \(machine ID machine-2\): give this one another name/,
    );
    assert.equal(world.api.node(), undefined);
    assert.equal(world.node()?.status?.nodeInfo?.machineID, 'machine-2');
    assert.deepEqual(
      world.server.calls.filter((call) => /^(POST|PUT|PATCH|DELETE)/.test(call)),
      [],
    );
  });

  test('is taken over when that one has been silent for 40 s, whatever its clock says', async () => {
    await world.start();
    await world.clock.advance(35_000);
    assert.equal(world.api.node(), undefined);
    await world.clock.advance(20_000);
    assert.equal(world.node()?.status?.nodeInfo?.machineID, 'machine-1');
    assert.equal(world.api.problem(), undefined);
    assert.ok(world.api.node() !== undefined);
  });
});

test('a machine that takes the name of a living Node stops us from writing to it', async () => {
  const world = new World();
  await world.start();
  await world.clock.advance(60_000);
  world.server.put(nodePath, { ...world.node(), status: foreignNode().status });
  await world.clock.advance(1_000);
  assert.match(world.api.problem() ?? '', /taken by another machine/);
  assert.equal(world.api.node(), undefined);
  await world.end();
});

describe('an API server', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  test('that is down for an hour is asked now and then, never in a hot loop, and found when it is back', async () => {
    await world.start();
    await world.clock.advance(60_000);
    world.server.goDown();
    const before = world.server.calls.length;
    await world.clock.advance(3_600_000);
    const asked = world.server.calls.length - before;
    // Node, its watch and the Lease, each at most every 3.5 s.
    assert.ok(asked > 300 && asked < 3 * 1100, `${asked} calls in an hour`);
    assert.match(
      world.api.problem() ?? '',
      /API server https:\/\/192\.0\.2\.10:6443: it is not up \(connection refused\)/,
    );
    assert.equal(world.log.warnings.filter((line) => /not up/.test(line)).length, 1, 'said once');
    assert.ok(world.api.node() !== undefined, 'the Node is not forgotten');
    world.server.comeBack();
    await world.clock.advance(15_000);
    assert.equal(world.api.problem(), undefined);
    const since = world.lease()?.spec?.renewTime;
    await world.clock.advance(11_000);
    assert.notEqual(world.lease()?.spec?.renewTime, since);
  });

  test('that comes up is found at once when something of ours was started', async () => {
    world.server.fault = refused;
    await world.start();
    await world.clock.advance(60_000);
    world.server.comeBack();
    world.api.nudge();
    await world.clock.advance(0);
    assert.ok(world.node() !== undefined);
  });

  test('that answers 429 is given the time it asks for', async () => {
    world.server.fault = (call) =>
      call.startsWith('POST') ? refusal(call, 429, 'TooManyRequests', { retryAfterMs: 6_000 }) : undefined;
    await world.start();
    const posts = () => world.server.calls.filter((call) => call === 'POST /api/v1/nodes').length;
    assert.equal(posts(), 1);
    await world.clock.advance(4_500);
    assert.equal(posts(), 1);
    assert.match(
      world.api.problem() ?? '',
      /it asks for patience \(POST \/api\/v1\/nodes: 429 it is TooManyRequests\)/,
    );
    world.server.comeBack();
    await world.clock.advance(6_000);
    assert.ok(world.node() !== undefined);
    assert.equal(world.api.problem(), undefined);
  });

  test('whose Lease another writer changed is read again', async () => {
    await world.start();
    world.server.put(leasePath, { ...world.lease(), spec: { renewTime: 'x', holderIdentity: 'node1' } });
    await world.clock.advance(12_000);
    assert.match(world.lease()?.spec?.renewTime ?? '', /^2026/);
    assert.equal(world.api.problem(), undefined);
  });

  test('that does not know us (expired, another CA, clocks apart) is not worked with, and says so', async () => {
    world.server.fault = (call) => refusal(call, 401, 'Unauthorized');
    await world.start();
    assert.match(
      world.api.problem() ?? '',
      /it does not know these credentials: they have expired, are of another CA, or/,
    );
    assert.equal(world.api.node(), undefined);
  });

  test('of another release is noticed: the version of the Node follows', async () => {
    await world.start();
    const client = world.server.client();
    const get = async <T>(path: string, options = {}) =>
      path === '/version' ? ({ gitVersion: 'v1.38.0' } as T) : client.get<T>(path, options);
    world.api.setClient({ ...client, get });
    await world.clock.advance(11_000);
    assert.equal(world.node()?.status?.nodeInfo?.kubeletVersion, 'v1.38.0');
  });

  test('that is gone with its credentials costs nothing', async () => {
    await world.start();
    world.api.setClient(undefined);
    await world.clock.advance(20_000);
    const before = world.server.calls.length;
    await world.clock.advance(600_000);
    assert.equal(world.server.calls.length, before);
    assert.equal(world.api.node(), undefined);
  });
});
