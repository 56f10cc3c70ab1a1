import assert from 'node:assert/strict';
import test from 'node:test';
import { AgentMetrics } from '../../../src/agent/metrics/agent-metrics.ts';
import { measuredRuntime } from '../../../src/agent/metrics/measured-runtime.ts';
import { processGauges } from '../../../src/agent/metrics/process-gauges.ts';
import { exposition } from '../../../src/agent/metrics/registry.ts';
import { RuntimeHealth } from '../../../src/agent/metrics/runtime-health.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { aComponentPod, anAgentStatus } from '../../fakes/init-context.ts';
import { parsePrometheus, seriesValue } from '../../fakes/prometheus-text.ts';

const minute = 60_000;

function watched(signal = new AbortController().signal) {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  const metrics = new AgentMetrics(clock);
  const health = new RuntimeHealth(clock.now());
  const inFlight = new Set<Promise<unknown>>();
  return {
    clock,
    runtime,
    metrics,
    health,
    inFlight,
    measured: measuredRuntime(runtime, { metrics, health, clock }, { signal, inFlight }),
  };
}

const parsed = (metrics: AgentMetrics, pods: readonly AgentPod[] = []) =>
  parsePrometheus(exposition(metrics.families(anAgentStatus(pods))));

function started(name: string, seenMs: number, at: number): AgentPod {
  const entry = aComponentPod(name);
  const annotations = { 'kubernetes.io/config.seen': new Date(seenMs).toISOString() };
  const [container] = entry.pod.status?.containerStatuses ?? [];
  assert.ok(container && entry.pod.status);
  const status = {
    ...entry.pod.status,
    containerStatuses: [{ ...container, state: { running: { startedAt: new Date(at).toISOString() } } }],
  };
  return { ...entry, pod: { ...entry.pod, metadata: { ...entry.pod.metadata, annotations }, status } };
}

test('runtime operations are counted, timed and their errors told by the kubelet’s names', async () => {
  const { metrics, measured } = watched();
  await measured.version();
  await measured.observePods();
  const families = parsed(metrics);
  assert.equal(seriesValue(families, 'kubelet_runtime_operations_total', { operation_type: 'version' }), 1);
  assert.equal(seriesValue(families, 'kubelet_runtime_operations_total', { operation_type: 'list_containers' }), 1);
  assert.equal(
    seriesValue(families, 'kubelet_runtime_operations_duration_seconds_count', { operation_type: 'version' }),
    1,
  );
});

test('an operation that fails is an error and still fails', async () => {
  const { metrics, measured } = watched();
  await assert.rejects(measured.pullImage('example/none:1'));
  const families = parsed(metrics);
  assert.equal(seriesValue(families, 'kubelet_runtime_operations_errors_total', { operation_type: 'pull_image' }), 1);
  assert.equal(families.has('kubelet_image_pull_duration_seconds'), false);
});

test('of an agent that was replaced no call gets through, not even one that hangs', async () => {
  const over = new AbortController();
  const { measured, runtime } = watched(over.signal);
  runtime.version = () => new Promise(() => {});
  const hanging = measured.version();
  over.abort();
  await assert.rejects(hanging, /replaced/);
  await assert.rejects(measured.observePods(), /replaced/);
});

test('what an agent has begun to make is made whole after its end', async () => {
  const over = new AbortController();
  const { measured, runtime, inFlight } = watched(over.signal);
  const made = Promise.withResolvers<void>();
  runtime.removeSandbox = () => made.promise;
  const removing = measured.removeSandbox('s');
  over.abort();
  await assert.rejects(removing, /replaced/);
  assert.equal(inFlight.size, 1);
  made.resolve();
  await Promise.all(inFlight);
  assert.equal(inFlight.size, 0);
});

test('the runtime is unhealthy once it has not answered for five minutes, and well again when it does', async () => {
  const { clock, measured, runtime, health } = watched();
  await measured.version();
  runtime.version = () => Promise.reject(new Error('no such socket'));
  for (let passed = 0; passed < 6; passed++) {
    await measured.version().catch(() => undefined);
    if (passed < 5) assert.equal(health.problem(clock.now()), undefined);
    await clock.advance(minute);
  }
  assert.match(health.problem(clock.now()) ?? '', /not answered for 360 s/);
  await measured.observePods();
  assert.equal(health.problem(clock.now()), undefined);
});

test('a runtime that hangs counts as one that does not answer; one that is not asked does not', async () => {
  const { clock, measured, runtime, health } = watched();
  await clock.advance(20 * minute);
  assert.equal(health.problem(clock.now()), undefined);
  runtime.version = () => new Promise(() => {});
  void measured.version();
  await clock.advance(6 * minute);
  assert.match(health.problem(clock.now()) ?? '', /has not answered/);
});

test('the start of a pod is timed once, from when it was first seen; not that of one which ran before us', () => {
  const clock = new FakeClock();
  const metrics = new AgentMetrics(clock);
  const turn = (pod: AgentPod) =>
    metrics.turned({ key: 'kube-system/a', operation: 'sync', durationMs: 20, acted: true, pod });
  turn(started('a', clock.now() - 2500, clock.now()));
  turn(started('a', clock.now() - 2500, clock.now()));
  const old = started('b', clock.now() - minute, clock.now() - minute);
  metrics.turned({ key: 'kube-system/b', operation: 'sync', durationMs: 20, acted: true, pod: old });
  const families = parsed(metrics);
  assert.equal(seriesValue(families, 'kubelet_pod_start_duration_seconds_count'), 1);
  assert.equal(seriesValue(families, 'kubelet_pod_start_duration_seconds_sum'), 2.5);
  assert.equal(seriesValue(families, 'kubelet_pod_worker_duration_seconds_count', { operation_type: 'sync' }), 3);
});

test('the series of a pod go with it', () => {
  const metrics = new AgentMetrics({ now: () => 0 });
  const probe = { podKey: 'default/web', podUid: 'u', container: 'app', kind: 'liveness', durationMs: 5 } as const;
  metrics.probed({ ...probe, result: 'successful' });
  metrics.probed({ ...probe, result: 'failed' });
  const asked = { namespace: 'default', pod: 'web', container: 'app', probe_type: 'Liveness', pod_uid: 'u' };
  assert.equal(seriesValue(parsed(metrics), 'prober_probe_total', { ...asked, result: 'failed' }), 1);
  metrics.turned({ key: 'default/web', operation: 'terminate', durationMs: 5, acted: true });
  assert.equal(parsed(metrics).has('prober_probe_total'), false);
  assert.equal(parsed(metrics).has('prober_probe_duration_seconds'), false);
});

test('pods and containers are counted as they are now', () => {
  const stopping = { ...aComponentPod('gone'), file: undefined };
  const { file: _file, ...orphan } = stopping;
  const families = parsed(new AgentMetrics({ now: () => 0 }), [aComponentPod('etcd'), orphan]);
  assert.equal(seriesValue(families, 'kubelet_running_containers', { container_state: 'running' }), 2);
  assert.equal(seriesValue(families, 'kubelet_desired_pods'), 1);
  assert.equal(seriesValue(families, 'kubelet_working_pods', { lifecycle: 'terminating' }), 1);
  assert.equal(seriesValue(families, 'bootstrap_agent_rejected_manifests'), 0);
  assert.equal(seriesValue(families, 'bootstrap_agent_runtime_up'), 1);
});

test('the process tells its usual figures', async () => {
  const families = parsePrometheus(exposition(await processGauges(nodeHost)));
  assert.ok((seriesValue(families, 'process_cpu_seconds_total') ?? 0) > 0);
  assert.ok((seriesValue(families, 'process_resident_memory_bytes') ?? 0) > 10_000_000);
  const startedMs = (seriesValue(families, 'process_start_time_seconds') ?? 0) * 1000;
  assert.ok(Math.abs(performance.timeOrigin - startedMs) < 5000);
});
