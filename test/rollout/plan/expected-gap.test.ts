import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOverOf, expectedApiGap } from '../../../src/rollout/plan/expected-gap.ts';
import { aContainer, aPod } from '../../fakes/agent-builders.ts';

function apiServer(...flags: readonly string[]) {
  return aPod({ containers: [aContainer({ command: ['kube-apiserver', ...flags] })] });
}

const running = apiServer('--permit-port-sharing=true', '--secure-port=6443');
const rendered = apiServer('--permit-port-sharing=true', '--secure-port=6443', '--v=2');

test('overlaps as far as the machine allows', () => {
  const over = (possible: Parameters<typeof changeOverOf>[0]['possible']) =>
    changeOverOf({ wanted: 'overlap', possible, running, rendered });
  assert.deepEqual(over(undefined), { way: 'overlap' });
  assert.deepEqual(over({ way: 'share', because: 'no perl' }), { way: 'share', because: 'no perl' });
  assert.equal(
    expectedApiGap('kube-apiserver', over(undefined)),
    'none; the new one is ready before the old one stops',
  );
  assert.match(expectedApiGap('kube-apiserver', { way: 'overlap', because: 'no nft' }), /503 \(no nft\)$/);
});

test('starts one after the other when the new one listens elsewhere, cannot share, or is the same pod', () => {
  const way = (next: typeof rendered, now = running) =>
    changeOverOf({ wanted: 'overlap', running: now, rendered: next });
  assert.match(way(apiServer('--permit-port-sharing=true', '--secure-port=6444')).because ?? '', /--secure-port/);
  assert.match(way(apiServer('--secure-port=6443')).because ?? '', /the new one has no/);
  assert.match(way(rendered, apiServer('--secure-port=6443')).because ?? '', /the running one has no/);
  assert.match(way(running).because ?? '', /manifest stays as it is/);
  for (const next of [running, apiServer('--secure-port=6443')]) assert.equal(way(next).way, 'recreate');
});

test('does not steer where clients use the address at which a starting one asks itself', () => {
  const at = apiServer('--permit-port-sharing=true', '--advertise-address=::1');
  const next = apiServer('--permit-port-sharing=true', '--advertise-address=::1', '--v=2');
  assert.equal(changeOverOf({ wanted: 'overlap', running: at, rendered: next }).way, 'share');
});
