import assert from 'node:assert/strict';
import test from 'node:test';
import type { Rival } from '../../../src/agent/takeover/takeover.ts';
import { annotations, labels } from '../../../src/runtime/labels.ts';
import { AgentHarness, manifestsDir, webManifest } from '../../fakes/agent-harness.ts';

const names = ['a', 'b', 'c'];
const kubelet: Rival = { problem: 'a kubelet runs here (pid 7)', hint: 'stop it' };
const readiness = ['readinessProbe:', '  httpGet: { path: /readyz, port: 8080 }', '  periodSeconds: 1'];

function manifest(name: string, container: readonly string[] = readiness): string {
  return webManifest([], container).replace('name: web', `name: ${name}`);
}

/** A machine whose three pods a kubelet has started, which is gone. */
class TakenWorld extends AgentHarness {
  rival: Rival | undefined;

  constructor() {
    super({}, async () => this.rival);
    for (const name of names) {
      this.files.seed(`${manifestsDir}/${name}.yaml`, manifest(name));
      this.foreign(name);
    }
    this.runtime.behave('app', { stopsAfterMs: 500 });
    this.answer = () => 200;
  }

  foreign(name: string, state: 'running' | 'exited' = 'running', uid = `theirs-${name}`): void {
    const pod = { name: `${name}-node1`, namespace: 'default', uid };
    const common = { pod, attempt: 0, createdAtMs: this.clock.now(), labels: { [labels.owner]: 'other' } };
    const sandboxId = `${uid}-sandbox`;
    const ready = state === 'running';
    const ended = ready ? {} : { exitCode: 0, finishedAtMs: this.clock.now() };
    this.runtime.sandboxes.set(sandboxId, {
      ...common,
      id: sandboxId,
      ready,
      ips: [],
      hostNetwork: true,
      annotations: {},
    });
    this.runtime.containers.set(uid, {
      ...common,
      id: uid,
      name: 'app',
      sandboxId,
      state,
      ...ended,
      startedAtMs: this.clock.now(),
      image: 'example/app:1',
      imageId: 'sha256:1',
      annotations: { [annotations.podTerminationGracePeriod]: '20' },
      logPath: `/var/log/pods/default_${pod.name}_${uid}/app/0.log`,
    });
  }

  /** `a:theirs b:ours …`, of the pods whose program runs. */
  whose(): string {
    const running = [...this.runtime.containers.values()].filter(({ state }) => state === 'running');
    return running
      .map(({ pod }) => `${pod.name.slice(0, 1)}:${pod.uid.startsWith('theirs') ? 'theirs' : 'ours'}`)
      .sort()
      .join(' ');
  }

  async until(expected: string): Promise<void> {
    for (let waitedMs = 0; this.whose() !== expected; waitedMs += 100) {
      assert.ok(waitedMs < 60_000, `${this.whose()}, not ${expected}`);
      await this.advance(100);
    }
  }
}

test('replaces the pods of another owner one by one: old stopped with its grace, new Ready before the next', async () => {
  const world = new TakenWorld();
  world.answer = (url) => (url.includes('readyz') ? 503 : 200);
  await world.start();
  await world.until('a:ours b:theirs c:theirs');
  const stop = world.runtime.calls.find(({ method }) => method === 'stopContainer');
  assert.equal(stop?.detail, 20);
  await world.advance(30_000);
  assert.equal(world.whose(), 'a:ours b:theirs c:theirs');
  assert.match(world.pod('b-node1')?.doing ?? '', /the old pod runs on: default\/a-node1 is taken over before it/);
  world.answer = () => 200;
  await world.until('a:ours b:ours c:theirs');
  await world.until('a:ours b:ours c:ours');
  await world.advance(2000);
  assert.equal([...world.runtime.sandboxes.values()].filter(({ pod }) => pod.uid.startsWith('theirs')).length, 0);
  const before = world.runtime.calls.length;
  await world.advance(10_000);
  assert.equal(world.runtime.calls.slice(before).filter(({ method }) => method === 'observeForeign').length, 0);
  await world.stop();
});

test('without --takeover they are left alone', async () => {
  const world = new TakenWorld();
  world.rivalOf = undefined;
  world.kill();
  await world.start();
  await world.advance(10_000);
  assert.equal(world.whose(), 'a:ours a:theirs b:ours b:theirs c:ours c:theirs');
  await world.stop();
});

test('killed at any call it goes on when it is started again, and never are two of them away', async () => {
  const world = new TakenWorld();
  let all = 0;
  world.onCall = () => void all++;
  await world.start();
  await world.until('a:ours b:ours c:ours');
  await world.stop();
  for (let nth = 0; nth < all; nth += 11) await killedAt(nth, nth % 2 === 0 ? 'before' : 'after');
});

async function killedAt(nth: number, when: 'before' | 'after'): Promise<void> {
  const world = new TakenWorld();
  const whenKilled = `after a death ${when} call ${nth}`;
  const neverTwoAway = async () => {
    for (let step = 0; step < 16; step++) {
      await world.advance(250);
      assert.ok(world.whose().split(' ').length >= 2, `${world.whose()} ${whenKilled}`);
    }
  };
  let calls = 0;
  world.onCall = () => (calls++ === nth ? when : undefined);
  void world.start();
  await neverTwoAway();
  world.onCall = () => undefined;
  world.kill();
  void world.start();
  await neverTwoAway();
  await neverTwoAway();
  assert.equal(world.whose(), 'a:ours b:ours c:ours', whenKilled);
  world.kill();
}

test('what had stopped before is started at once, and waits for nobody', async () => {
  const world = new TakenWorld();
  world.answer = (url) => (url.includes('readyz') ? 503 : 200);
  for (const id of ['theirs-b', 'theirs-b-sandbox']) {
    world.runtime.containers.delete(id);
    world.runtime.sandboxes.delete(id);
  }
  world.foreign('b', 'exited');
  await world.start();
  await world.until('a:ours b:ours c:theirs');
  await world.stop();
});

test('refuses, with nothing touched, while somebody looks after the old pods', async () => {
  const world = new TakenWorld();
  world.rival = kubelet;
  await assert.rejects(world.agent.run(new AbortController().signal), {
    name: 'PreflightError',
    message: 'nothing is taken over: a kubelet runs here (pid 7)',
  });
  assert.deepEqual(world.runtime.mutations(), []);
});

test('a kubelet that comes back in the middle: what was begun is brought to its end, no other pod is begun', async () => {
  const world = new TakenWorld();
  world.answer = (url) => (url.includes('readyz') ? 503 : 200);
  await world.start();
  await world.until('a:ours b:theirs c:theirs');
  world.rival = kubelet;
  await world.advance(2000);
  world.answer = () => 200;
  await world.advance(10_000);
  assert.equal(world.whose(), 'a:ours b:theirs c:theirs');
  assert.match(world.pod('b-node1')?.doing ?? '', /a kubelet runs here/);
  world.rival = undefined;
  await world.until('a:ours b:ours c:ours');
  await world.stop();
});

test('pods of others that no manifest names stay', async () => {
  const world = new TakenWorld();
  world.foreign('z');
  await world.start();
  await world.until('a:ours b:ours c:ours z:theirs');
  await world.advance(10_000);
  assert.equal(world.whose(), 'a:ours b:ours c:ours z:theirs');
  await world.stop();
});

test('pods of ours under a lost owner id, of the very same UID, are replaced and not adopted', async () => {
  const world = new TakenWorld();
  await world.start();
  await world.until('a:ours b:ours c:ours');
  await world.stop();
  const own = new Set(world.runtime.containers.keys());
  for (const map of [world.runtime.containers, world.runtime.sandboxes] as Map<string, { labels: object }>[]) {
    for (const [id, item] of map) map.set(id, { ...item, labels: { ...item.labels, [labels.owner]: 'lost' } });
  }
  await world.restart();
  for (let step = 0; step < 200; step++) {
    await world.advance(100);
    assert.ok(world.whose().split(' ').length >= 2, world.whose());
  }
  assert.equal(world.whose(), 'a:ours b:ours c:ours');
  assert.ok([...world.runtime.containers.keys()].every((id) => !own.has(id)));
  await world.stop();
});
