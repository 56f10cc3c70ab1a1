import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeOverFacts } from '../../../src/rollout/change-over/change-over-facts.ts';
import { planChangeOver } from '../../../src/rollout/change-over/plan-change-over.ts';

const mebi = 2 ** 20;

function facts(differing: Partial<ChangeOverFacts> = {}): ChangeOverFacts {
  return {
    port: 6443,
    listeners: [{ address: '::', port: 6443, pid: 7, program: 'kube-apiserver' }],
    uid: 0,
    residentBytes: 280 * mebi,
    availableBytes: 2048 * mebi,
    ownUid: 0,
    perl: '/usr/bin/perl',
    nft: '/usr/sbin/nft',
    netAdmin: true,
    hasIpv6Loopback: true,
    ...differing,
  };
}

test('overlaps without a word where everything is at hand', () => {
  assert.deepEqual(planChangeOver(facts()), { way: 'overlap' });
});

test('overlaps, but cannot hold back requests in flight without the privilege or nft', () => {
  const without = planChangeOver(facts({ netAdmin: false }));
  assert.equal(without.way, 'overlap');
  assert.match(without.because ?? '', /CAP_NET_ADMIN/);
  assert.match(planChangeOver(facts({ nft: undefined })).because ?? '', /nft/);
});

test('only shares the port where new connections cannot be steered, and says why', () => {
  const cases: readonly (readonly [Partial<ChangeOverFacts>, RegExp])[] = [
    [{ perl: undefined }, /no perl/],
    [{ uid: 1000, ownUid: 1001 }, /another user/],
    [{ uid: undefined }, /another user/],
    [{ listeners: [{ address: '10.0.0.4', port: 6443, pid: 7 }] }, /10\.0\.0\.4/],
    [{ listeners: [...facts().listeners, ...facts().listeners] }, /2 sockets listen on port 6443/],
    [{ hasIpv6Loopback: false }, /::1/],
  ];
  for (const [differing, because] of cases) {
    const plan = planChangeOver(facts(differing));
    assert.equal(plan.way, 'share');
    assert.match(plan.because ?? '', because);
  }
});

test('steers for an API server of another user only as root', () => {
  assert.equal(planChangeOver(facts({ uid: 1000 })).way, 'overlap');
  assert.equal(planChangeOver(facts({ uid: 1000, ownUid: 1000 })).way, 'overlap');
});

test('starts one after the other where two do not fit: 320 MiB or what the running one has, and 128 MiB', () => {
  const little = planChangeOver(facts({ availableBytes: 447 * mebi }));
  assert.deepEqual(little, { way: 'recreate', because: 'two need 448 MiB of free memory, there are 447 MiB' });
  assert.equal(planChangeOver(facts({ availableBytes: 448 * mebi })).way, 'overlap');
  assert.equal(planChangeOver(facts({ residentBytes: 900 * mebi, availableBytes: 1000 * mebi })).way, 'recreate');
  assert.equal(planChangeOver(facts({ availableBytes: undefined })).way, 'overlap');
});

test('has nothing to overlap with where nobody listens', () => {
  assert.equal(planChangeOver(facts({ listeners: [] })).way, 'recreate');
});
