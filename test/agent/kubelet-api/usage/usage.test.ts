import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoCores } from '../../../../src/agent/kubelet-api/usage/nano-cores.ts';
import { nodeUsage } from '../../../../src/agent/kubelet-api/usage/node-usage.ts';
import { podUsages } from '../../../../src/agent/kubelet-api/usage/pod-usage.ts';
import { resourceFamilies } from '../../../../src/agent/kubelet-api/usage/resource-metrics.ts';
import { summary } from '../../../../src/agent/kubelet-api/usage/summary.ts';
import { exposition } from '../../../../src/agent/metrics/registry.ts';
import type { AgentPod } from '../../../../src/kube/agent-socket.ts';
import type { ContainerStatus } from '../../../../src/kube/types.ts';
import { aPod } from '../../../fakes/agent-builders.ts';

const nowMs = Date.UTC(2026, 0, 1);
const files: Readonly<Record<string, string>> = {
  '/proc/stat': 'cpu  100 10 50 9999 7 1 2 500 0 0\ncpu0 1 1 1 1\nbtime 1767200000\n',
  '/proc/meminfo': [
    ['MemTotal', 1000],
    ['MemFree', 400],
    ['AnonPages', 200],
    ['Inactive(file)', 100],
    ['SwapTotal', 50],
    ['SwapFree', 30],
  ]
    .map(([name, amount]) => `${name}:   ${amount} kB\n`)
    .join(''),
  '/proc/net/dev': `Inter-|   Receive  |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  9 9 9 9 0 0 0 0 9 9 9 0 0 0 0 0
  eth0: 100 2 3 0 0 0 0 0 200 4 5 0 0 0 0 0
`,
  '/proc/loadavg': '0.1 0.2 0.3 2/321 4711\n',
  '/proc/sys/kernel/pid_max': '4194304\n',
};
const host = { readText: async (path: string) => files[path] };

function running(name: string, containerID: string): ContainerStatus {
  const startedAt = '2025-12-31T23:00:00Z';
  const rest = { lastState: {}, ready: true, started: true, restartCount: 1, image: '', imageID: '' };
  return { name, state: { running: { startedAt } }, containerID, ...rest };
}

const pods: readonly AgentPod[] = [
  {
    pod: {
      ...aPod(),
      status: {
        phase: 'Running',
        conditions: [],
        startTime: '2025-12-31T22:59:59Z',
        containerStatuses: [running('app', 'docker://a'), running('side', 'docker://b')],
      },
    },
  },
  { pod: aPod({}, { name: 'waits' }) },
];

const used = { usageBytes: 300, workingSetBytes: 200, rssBytes: 100, pageFaults: 7, majorPageFaults: 1 };
const runtime = {
  stats: async (ids: readonly string[]) =>
    ids.map((id) => ({ id, atMs: nowMs, cpuNanoseconds: id === 'a' ? 1.5e9 : 5e8, ...used, limitBytes: 1000 })),
};
const figures = async () => ({ node: await nodeUsage(host, nowMs), pods: await podUsages(runtime, pods) });

test('counts what the machine works, without waiting and without what other machines took', async () => {
  const usage = await nodeUsage(host, nowMs);
  assert.equal(usage.cpuNanoseconds, 1.63e9);
  assert.deepEqual(usage.memory, {
    totalBytes: 1_024_000,
    usageBytes: 614_400,
    workingSetBytes: 512_000,
    rssBytes: 204_800,
  });
  assert.deepEqual(usage.swap, { usageBytes: 20_480, availableBytes: 30_720 });
  assert.deepEqual(usage.interfaces, [{ name: 'eth0', rxBytes: 100, rxErrors: 3, txBytes: 200, txErrors: 5 }]);
  assert.deepEqual([usage.bootMs, usage.rlimit], [1_767_200_000_000, { maxpid: 4_194_304, curproc: 321 }]);
});

test('shows metrics-server what it reads, each figure with its time', async () => {
  const lines = exposition(resourceFamilies(await figures())).split('\n');
  for (const line of [
    `node_cpu_usage_seconds_total 1.63 ${nowMs}`,
    `node_memory_working_set_bytes 512000 ${nowMs}`,
    `container_cpu_usage_seconds_total{container="app",namespace="default",pod="web-node1"} 1.5 ${nowMs}`,
    `container_memory_working_set_bytes{container="side",namespace="default",pod="web-node1"} 200 ${nowMs}`,
    'container_start_time_seconds{container="app",namespace="default",pod="web-node1"} 1767222000',
    `pod_cpu_usage_seconds_total{namespace="default",pod="web-node1"} 2 ${nowMs}`,
    `pod_memory_working_set_bytes{namespace="default",pod="web-node1"} 400 ${nowMs}`,
    'resource_scrape_error 0',
  ]) {
    assert.ok(lines.includes(line), `${line}\nis not in\n${lines.join('\n')}`);
  }
});

test('says that figures could not be read, and nothing else', () => {
  const lines = exposition(resourceFamilies(undefined)).split('\n');
  assert.deepEqual(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    ['resource_scrape_error 1'],
  );
});

test('the summary has node and pods, a pod as the sum of its containers, by its own UID', async () => {
  const shown = summary({
    ...(await figures()),
    nodeName: 'node1',
    disk: { capacityBytes: 1000, availableBytes: 600 },
    defaultInterface: 'eth0',
    nanoCores: new Map([
      ['', 5],
      ['a', 2],
      ['b', 3],
    ]),
    logBytes: () => 42,
    onlyCpuAndMemory: false,
  });
  const time = '2026-01-01T00:00:00Z';
  assert.deepEqual(shown.node.cpu, { time, usageNanoCores: 5, usageCoreNanoSeconds: 1_630_000_000 });
  assert.deepEqual(shown.node.fs, { time, capacityBytes: 1000, availableBytes: 600, usedBytes: 400 });
  assert.equal(shown.node.network?.name, 'eth0');
  const [pod, ...others] = shown.pods;
  assert.equal(others.length, 0);
  assert.deepEqual(pod?.podRef, { name: 'web-node1', namespace: 'default', uid: 'uid1' });
  assert.deepEqual(pod?.cpu, { time, usageNanoCores: 5, usageCoreNanoSeconds: 2_000_000_000 });
  assert.equal(pod?.memory.workingSetBytes, 400);
  assert.deepEqual(pod?.containers[0]?.logs, { time, usedBytes: 42 });
  assert.equal(pod?.containers[0]?.memory.availableBytes, 800);
});

test('the summary of processor and memory alone has nothing else', async () => {
  const options = { nodeName: 'node1', disk: { capacityBytes: 1, availableBytes: 1 }, defaultInterface: undefined };
  const shown = summary({
    ...(await figures()),
    ...options,
    nanoCores: new Map(),
    logBytes: () => 42,
    onlyCpuAndMemory: true,
  });
  assert.deepEqual(Object.keys(shown.node), ['nodeName', 'startTime', 'cpu', 'memory', 'swap']);
  assert.deepEqual(Object.keys(shown.pods[0]?.containers[0] ?? {}), ['name', 'startTime', 'cpu', 'memory']);
});

test('how much of a processor is used is known from the second look on', () => {
  const cores = new NanoCores();
  const look = (atMs: number, cpuNanoseconds: number) => cores.of([{ id: 'a', atMs, cpuNanoseconds }]).get('a');
  assert.equal(look(0, 1e9), undefined);
  assert.equal(look(2000, 2e9), 5e8);
  // Too soon to say anything new.
  assert.equal(look(2100, 3e9), 5e8);
  assert.equal(look(4000, 4e9), 1e9);
  // Begun anew.
  assert.equal(look(6000, 0), undefined);
});
