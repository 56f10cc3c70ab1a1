import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishRecovery } from '../../../src/cli/agent/finish-recovery.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import type { Recovery } from '../../../src/rollout/journal/recovery.ts';
import { aConfig } from '../../fakes/builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { fakeEtcd } from '../../fakes/fake-etcd.ts';
import { aComponentPod, aHost, anAgentStatus } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { renderedPods } from '../../fakes/rollout-builders.ts';

const paths = pathsOf('/');

async function setup() {
  const files = new MemoryHost({
    '/etc/kubernetes/pki/etcd/ca.crt': 'CA',
    '/etc/kubernetes/pki/etcd/healthcheck-client.crt': 'C',
    '/etc/kubernetes/pki/etcd/healthcheck-client.key': 'K',
  });
  for (const { file, text } of (await renderedPods(aConfig())).values()) files.seed(file, text);
  const { state, network } = fakeEtcd();
  const [restarted, log, clock] = [[] as string[], recordingLog(), new FakeClock()];
  const started = (startedAt: string) => ({ state: { running: { startedAt } } });
  const status = anAgentStatus([
    aComponentPod('kube-scheduler', started('2026-01-01T00:00:10Z')),
    aComponentPod('kube-controller-manager', started('2025-12-31T23:00:00Z')),
  ]);
  const agent = {
    looked: async () => {},
    status: () => status,
    requests: {
      restart: async (file: string) => {
        restarted.push(file);
        return { replaced: [] };
      },
    },
  };
  const { signal } = new AbortController();
  const spawned: string[] = [];
  const processes = {
    selfCommand: () => ['bootstrap'],
    environment: () => ({}),
    spawnDetached: async (program: string, args: readonly string[]) => spawned.push([program, ...args].join(' ')),
  };
  const input = { host: aHost(files, { ...network, ...processes }), clock, paths, log, signal, agent };
  return {
    input: input as unknown as Parameters<typeof finishRecovery>[0],
    state,
    restarted,
    log,
    clock,
    files,
    spawned,
  };
}

const undone: Recovery = {
  do: 'undo',
  because: 'it was cut off',
  restored: ['/etc/kubernetes/scheduler.conf', '/etc/kubernetes/controller-manager.conf'],
  since: '2026-01-01T00:00:00Z',
};

test('starts what began since with files that were put back, and leaves what began before', async () => {
  const { input, restarted } = await setup();
  await finishRecovery(input, undone);
  assert.deepEqual(restarted, ['/etc/kubernetes/manifests/kube-scheduler.yaml']);
});

test('the member list says again what the manifest of etcd says, as soon as etcd answers', async () => {
  const { input, state, clock, files } = await setup();
  const wanted = /initial-advertise-peer-urls=(\S+)/.exec(files.text('/etc/kubernetes/manifests/etcd.yaml') ?? '')?.[1];
  for (const member of state.members) member.peerURLs = ['https://192.0.2.99:2380'];
  state.up = false;
  const finished = finishRecovery(input, undone);
  await clock.advance(20_000);
  state.up = true;
  await clock.advance(1_000);
  await finished;
  assert.deepEqual(state.members[0]?.peerURLs, [wanted]);
});

test('a change that was finished only lacks objects in the cluster, and an etcd that stays away is a warning', async () => {
  const { input, state, clock, log, restarted, spawned } = await setup();
  state.up = false;
  await finishRecovery(input, { do: 'finish', because: '', restored: [], since: '2026-01-01T00:00:00Z' });
  assert.deepEqual([restarted, log.warnings], [[], []]);
  assert.deepEqual(spawned, ['bootstrap apply --objects --root-dir / --no-color']);
  const finished = finishRecovery(input, undone);
  await clock.advance(61_000);
  await finished;
  assert.match(log.warnings.join('\n'), /etcd member: the peer URL .* could not be set/);
});
