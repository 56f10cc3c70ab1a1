import assert from 'node:assert/strict';
import test from 'node:test';
import { applyActions } from '../../../src/agent/apply.ts';
import { containerHash } from '../../../src/agent/containers/container-hash.ts';
import type { DesiredPod } from '../../../src/agent/desired.ts';
import { ImagePuller } from '../../../src/agent/image-puller.ts';
import { agentAnnotations } from '../../../src/agent/labels.ts';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import { podPaths } from '../../../src/agent/pod-paths.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Host } from '../../../src/host/host.ts';
import type { Container, RestartPolicy } from '../../../src/kube/types.ts';
import { annotations } from '../../../src/runtime/labels.ts';
import type { ObservedContainer } from '../../../src/runtime/runtime.ts';
import { aContainer, aDesired, anObserved, aSandbox, someFacts } from '../../fakes/agent-builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { aMachine, MemoryHost } from '../../fakes/memory-host.ts';

const cases = 2000;
const mostTurns = 40;
const paths = {
  stateDir: '/s',
  lastGoodDir: '/s/g',
  kubeletDir: '/k',
  podLogsDir: '/l',
  containerLogsDir: '/c',
  runDir: '/r',
  agentSocket: '/r/s',
  agentLock: '/r/l',
};

/** Numbers that look random and are the same in every run (mulberry32). */
function randomOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    chance: (probability: number) => next() < probability,
    below: (limit: number) => Math.floor(next() * limit),
    oneOf: <T>(...values: readonly [T, ...T[]]): T => values[Math.floor(next() * values.length)] ?? values[0],
  };
}
type Random = ReturnType<typeof randomOf>;

function randomDesired(random: Random): DesiredPod | undefined {
  if (random.chance(0.2)) return undefined;
  const named = (name: string, change: Partial<Container> = {}) => aContainer({ name, ...change });
  const inits = [named('init'), named('side', { restartPolicy: 'Always' }), named('init2')].filter(() =>
    random.chance(0.4),
  );
  const mains = [named('app'), ...(random.chance(0.5) ? [named('second')] : [])];
  const restartPolicy = random.oneOf<RestartPolicy>('Always', 'Always', 'OnFailure', 'Never');
  return aDesired({ initContainers: inits, containers: mains, restartPolicy });
}

function randomWorld(random: Random, runtime: FakeRuntime, nowMs: number): void {
  for (const [uid, hash] of [
    ['uid1', 'hash1'],
    ['uid1', 'hash0'],
    ['uid0', 'hash0'],
  ] as const) {
    if (random.chance(0.5)) continue;
    const pod = { name: 'web-node1', namespace: 'default', uid };
    const own = { [annotations.configHash]: hash };
    for (let attempt = 0; attempt < random.below(3); attempt++) {
      const id = `${uid}-${hash}-${attempt}`;
      runtime.sandboxes.set(id, aSandbox({ id, pod, attempt, ready: random.chance(0.6), annotations: own }));
      for (const name of ['init', 'side', 'init2', 'app', 'second', 'stranger']) {
        for (let number = 0; number < random.below(3); number++) {
          const container = randomContainer({ random, name, nowMs, attempt: number + attempt * 3, hash });
          const full = { ...container, id: `${id}-${name}-${number}`, pod, sandboxId: id };
          runtime.containers.set(full.id, full);
        }
      }
    }
  }
}

function randomContainer(about: {
  random: Random;
  name: string;
  nowMs: number;
  attempt: number;
  hash: string;
}): ObservedContainer {
  const { random, name, nowMs, attempt, hash } = about;
  const definition = random.chance(0.9) ? containerHash(aContainer({ name })) : 'other';
  const seen = anObserved({
    name,
    attempt,
    annotations: {
      [annotations.containerHash]: definition,
      [annotations.configHash]: hash,
      [agentAnnotations.crashes]: String(random.below(8)),
    },
  });
  const state = random.oneOf('running', 'running', 'exited', 'exited', 'created');
  if (state !== 'exited') return { ...seen, state };
  return { ...seen, state, exitCode: random.oneOf(0, 1, 137), finishedAtMs: nowMs - random.below(1_000_000) };
}

/** Running containers that nothing is wrong with: the newest of their name, right in every respect, in the only sandbox that stands. */
function healthy(runtime: FakeRuntime, desired: DesiredPod | undefined): ReadonlySet<string> {
  if (desired === undefined) return new Set();
  const own = (thing: { pod: { uid: string }; annotations: Readonly<Record<string, string>> }) =>
    thing.pod.uid === desired.uid && thing.annotations[annotations.configHash] === desired.hash;
  const ready = [...runtime.sandboxes.values()].filter((sandbox) => sandbox.ready && own(sandbox));
  if (ready.length !== 1) return new Set();
  const inIt = [...runtime.containers.values()].filter(({ sandboxId }) => sandboxId === ready[0]?.id);
  const mains = desired.pod.spec.containers;
  return new Set(
    inIt
      .filter(own)
      .filter(({ name, state, annotations: noted, attempt }) => {
        const spec = mains.find((main) => main.name === name);
        const newer = inIt.some((other) => other.name === name && other.attempt > attempt);
        return (
          state === 'running' &&
          !newer &&
          spec !== undefined &&
          noted[annotations.containerHash] === containerHash(spec)
        );
      })
      .map(({ id }) => id),
  );
}

async function converge(seed: number): Promise<void> {
  const random = randomOf(seed);
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  runtime.images.add('example/app:1');
  runtime.images.add('pause');
  for (const name of ['init', 'init2']) runtime.behave(name, { exitsAfterMs: 1000, exitCode: 0 });
  const desired = randomDesired(random);
  randomWorld(random, runtime, clock.now());
  const safe = healthy(runtime, desired);
  const host = Object.assign(new MemoryHost(), aMachine()) as unknown as Host;
  const obtain = async (reference: string) => runtime.images.find(reference) ?? runtime.pullImage(reference);
  const images = new ImagePuller({ runtime, obtain, clock, log: silentLog });
  const doors = { host, runtime, clock, log: silentLog, images, paths };
  const node = { name: 'node1', ips: ['192.0.2.10'], cpuCount: 2, memoryBytes: 2 ** 32 };
  const context = desired && {
    desired,
    node,
    paths: podPaths(paths, { name: 'web-node1', namespace: 'default', uid: desired.uid }),
    seccomp: { kubeletDir: '/k', seccompDefault: false },
    mountsTerminationLog: false,
    sandboxImage: 'pause',
  };
  for (let turn = 0; ; turn++) {
    assert.ok(turn < mostTurns, `case ${seed}: still not done after ${turn} turns`);
    const observed = await runtime.observePods();
    const plan = planPod(desired, observed, someFacts({ nowMs: clock.now() }));
    if (plan.actions.length > 0) {
      const result = await applyActions(doors, { context, observed, actions: plan.actions, onDoing: () => {} });
      assert.equal(result.error, undefined, `case ${seed}`);
    } else if (plan.recheckAfterMs !== undefined) await clock.advance(plan.recheckAfterMs);
    else if (plan.waiting?.startsWith('init container') === true) {
      // One that was there from the beginning has no end of its own.
      await clock.advance(1000);
      for (const { id, name, state } of runtime.containers.values())
        if (name.startsWith('init') && state === 'running') runtime.exit(id, 0);
    } else break;
  }
  const stopped = runtime.calls.filter(({ method }) => method === 'stopContainer');
  for (const id of safe) {
    assert.equal(
      runtime.containers.get(id)?.state,
      'running',
      `case ${seed}: ${id} was stopped (${stopped.length} stops)`,
    );
  }
  checkEnd(seed, runtime, desired);
}

function checkEnd(seed: number, runtime: FakeRuntime, desired: DesiredPod | undefined): void {
  const own = [...runtime.sandboxes.values()].filter(({ pod }) => pod.uid === desired?.uid);
  assert.equal(runtime.sandboxes.size, own.length, `case ${seed}: sandboxes of others are left`);
  if (desired === undefined) {
    assert.equal(runtime.containers.size, 0, `case ${seed}: containers are left`);
    return;
  }
  const running = [...runtime.containers.values()].filter(({ state }) => state === 'running');
  const names = running.map(({ name }) => name).sort();
  assert.deepEqual(names, [...new Set(names)], `case ${seed}: a container runs twice`);
  if (desired.pod.spec.restartPolicy !== 'Always') return;
  const wanted = [...desired.pod.spec.containers, ...(desired.pod.spec.initContainers ?? [])]
    .filter(({ name }) => !name.startsWith('init'))
    .map(({ name }) => name)
    .sort();
  // An init container that ran beside main ones from the beginning is left to its end.
  const lasting = names.filter((name) => !name.startsWith('init'));
  assert.deepEqual(lasting, wanted, `case ${seed}`);
}

test(`from ${cases} random worlds the plan comes to its end, and stops nothing that is right`, async () => {
  for (let seed = 1; seed <= cases; seed++) await converge(seed);
});
