import assert from 'node:assert/strict';
import { parsePrometheus, seriesValue } from '../../fakes/prometheus-text.ts';

/** The metrics of an agent with one pod that ran from its start and was restarted once, and one manifest that is refused. */
export function checkMetrics(text: string, pod: string): void {
  const metrics = parsePrometheus(text);
  assert.equal(seriesValue(metrics, 'kubelet_running_pods'), 1);
  assert.equal(seriesValue(metrics, 'kubelet_started_containers_total'), 2);
  assert.equal(seriesValue(metrics, 'kubelet_pod_start_duration_seconds_count'), 1);
  assert.equal(seriesValue(metrics, 'bootstrap_agent_rejected_manifests'), 1);
  assert.equal(seriesValue(metrics, 'bootstrap_agent_container_restarts', { pod }), 1);
  assert.ok(
    (seriesValue(metrics, 'kubelet_runtime_operations_total', { operation_type: 'start_container' }) ?? 0) >= 2,
  );
  assert.ok((seriesValue(metrics, 'process_resident_memory_bytes') ?? 0) > 0);
}
