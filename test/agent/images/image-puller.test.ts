import assert from 'node:assert/strict';
import test from 'node:test';
import { ImagePuller } from '../../../src/agent/images/image-puller.ts';
import { PodStates } from '../../../src/agent/state/pod-states.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Container } from '../../../src/kube/types.ts';
import type { ImageInfo } from '../../../src/runtime/runtime.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const info: ImageInfo = { id: 'sha256:1', tags: [], digests: [], sizeBytes: 1, user: '' };
type Policy = Container['imagePullPolicy'];

function make(host = new MemoryHost(), clock = new FakeClock()) {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const present = new Set<string>();
  const world = { fails: false, slow: false };
  const states = new PodStates({ host, clock, log: silentLog, dir: '/state' });
  const puller = new ImagePuller({
    runtime: { findImage: async (image) => (present.has(image) ? info : undefined) },
    obtain: async (image) => {
      asked.push(image);
      if (world.slow) await new Promise<void>((resolve) => waiting.push(resolve));
      if (world.fails) throw new Error('no such host');
      return info;
    },
    clock,
    log: silentLog,
    states,
    maxParallel: 2,
  });
  const want = (image: string, imagePullPolicy: Policy = 'IfNotPresent') => ({ image, imagePullPolicy });
  const begin = async (uid: string, image: string, policy?: Policy) => {
    puller.begin(uid, want(image, policy), () => {});
    await clock.advance(0);
  };
  return { host, clock, asked, waiting, present, world, states, puller, want, begin };
}

test('backs off 10, 20, 40, 80, 160, 300, 300 s per pod and image, and over a restart of the agent', async () => {
  let { host, clock, world, puller, want, begin } = make();
  world.fails = true;
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    await begin('u1', 'a:1');
    const fact = await puller.fact('u1', want('a:1'));
    assert.equal(fact.state, 'back-off');
    if (fact.state === 'back-off') waits.push((fact.retryAtMs - clock.now()) / 1000);
    await clock.advance((waits.at(-1) ?? 0) * 1000 - 1);
    assert.equal((await puller.fact('u1', want('a:1'))).state, 'back-off');
    await clock.advance(1);
    assert.equal((await puller.fact('u1', want('a:1'))).state, 'missing');
    assert.equal((await puller.fact('u1', want('a:2'))).state, 'missing', 'another image is tried at once');
    assert.equal((await puller.fact('u2', want('a:1'))).state, 'missing', 'another pod is tried at once');
    const next = make(host.restarted(), clock);
    await next.states.load();
    ({ host, world, puller, want, begin } = next);
    world.fails = true;
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 300, 300]);
});

test('an image that was had, or left alone for ten minutes, begins anew', async () => {
  const { clock, world, puller, want, begin } = make();
  const failAndWait = async () => {
    world.fails = true;
    await begin('u1', 'a:1');
    const fact = await puller.fact('u1', want('a:1'));
    return fact.state === 'back-off' ? (fact.retryAtMs - clock.now()) / 1000 : 0;
  };
  assert.equal(await failAndWait(), 10);
  await clock.advance(10_000);
  assert.equal(await failAndWait(), 20);
  await clock.advance(601_000);
  assert.equal(await failAndWait(), 10);
  await clock.advance(10_000);
  world.fails = false;
  await begin('u1', 'a:1');
  assert.equal(await failAndWait(), 10);
});

test('fetches two at a time, each image once whoever asks, and answers for what is there meanwhile', async () => {
  const { asked, waiting, world, present, puller, want, begin, clock } = make();
  world.slow = true;
  for (const [uid, image] of [
    ['u1', 'a:1'],
    ['u2', 'a:1'],
    ['u3', 'b:1'],
    ['u4', 'c:1'],
  ] as const)
    await begin(uid, image);
  assert.deepEqual(asked, ['a:1', 'b:1']);
  assert.equal((await puller.fact('u4', want('c:1'))).state, 'pulling');
  present.add('d:1');
  assert.equal((await puller.fact('u5', want('d:1'))).state, 'present');
  waiting.shift()?.();
  await clock.advance(0);
  assert.deepEqual(asked, ['a:1', 'b:1', 'c:1']);
});

test('a pod that finds its image being fetched for another one joins, and is told of the end as well', async () => {
  const { clock, asked, waiting, world, puller, want, begin } = make();
  world.slow = true;
  await begin('u1', 'a:1');
  assert.equal((await puller.fact('u1', want('a:1'))).state, 'pulling');
  assert.equal((await puller.fact('u2', want('a:1'))).state, 'missing', 'nobody would tell it');
  const ends: string[] = [];
  puller.begin('u2', want('a:1'), (end) => ends.push('info' in end ? 'there' : 'failed'));
  assert.equal((await puller.fact('u2', want('a:1'))).state, 'pulling');
  for (const go of waiting) go();
  await clock.advance(0);
  assert.deepEqual([ends, asked], [['there'], ['a:1']]);
});

test('policy Always asks the registry for each start, though the image is there', async () => {
  const { asked, present, puller, want, begin } = make();
  present.add('a:1');
  assert.equal((await puller.fact('u1', want('a:1', 'Always'))).state, 'missing');
  await begin('u1', 'a:1', 'Always');
  assert.equal((await puller.fact('u1', want('a:1', 'Always'))).state, 'present');
  await puller.get('u1', want('a:1', 'Always'));
  assert.deepEqual(asked, ['a:1']);
  assert.equal((await puller.fact('u1', want('a:1', 'Always'))).state, 'missing');
});

test('says what the kubelet says: ErrImageNeverPull, InvalidImageName', async () => {
  const { world, puller, want, begin } = make();
  world.fails = true;
  await begin('u1', 'a:1', 'Never');
  await begin('u1', 'A B');
  const codes = await Promise.all(['a:1', 'A B'].map((image) => puller.fact('u1', want(image, 'Never'))));
  assert.deepEqual(
    codes.map((fact) => (fact.state === 'back-off' ? fact.code : fact.state)),
    ['ErrImageNeverPull', 'InvalidImageName'],
  );
});
