import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkState } from '../../../src/runtime/cri/network.ts';

const condition = (status: boolean) => ({
  type: 'NetworkReady',
  status,
  reason: status ? '' : 'NetworkPluginNotReady',
  message: status ? '' : 'Network plugin returns error: cni plugin not initialized',
});
const answer = (conditions: ReturnType<typeof condition>[], info: Record<string, string> = {}) =>
  networkState({ status: { conditions }, info, runtimeHandlers: [] });

test('a network that is not ready is told in the kubelet’s words', () => {
  assert.equal(
    answer([condition(false)]).problem,
    'NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
  );
  assert.deepEqual(answer([condition(true)]), {});
  assert.deepEqual(answer([]), {});
});

test('containerd’s own configuration says where it looks, as 1.6 and as 2.1 write it', () => {
  const old = JSON.stringify({ cni: { binDir: '/usr/lib/cni', confDir: '/etc/cni/net.d' } });
  assert.deepEqual(answer([condition(true)], { config: old }), {
    configDirectory: '/etc/cni/net.d',
    pluginDirectory: '/usr/lib/cni',
  });
  const young = JSON.stringify({ cni: { binDirs: ['/opt/cni/bin', '/x'], confDir: '/etc/cni/net.d' } });
  assert.equal(answer([], { config: young }).pluginDirectory, '/opt/cni/bin');
});

test('a runtime that tells nothing, or something else, is not misread', () => {
  for (const config of ['', 'no JSON', '{}', '{"cni": 1}', '{"cni": {"binDir": 7}}']) {
    assert.deepEqual(answer([], { config }), {});
  }
});
