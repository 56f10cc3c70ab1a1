import type { Clock } from '../../base/clock.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import { annotations } from '../../runtime/labels.ts';
import { Counter, Histogram } from './families.ts';
import type { AgentObserver, ProbeRun, Turn } from './observer.ts';
import type { Family } from './registry.ts';
import { statusGauges } from './status-gauges.ts';

/** Bounds in seconds as the kubelet's (pkg/kubelet/metrics/metrics.go). */
const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const operationBuckets = Array.from({ length: 14 }, (_, power) => Number((0.005 * 2.5 ** power).toPrecision(6)));
const startBuckets = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
];
const pullBuckets = [1, 5, 10, 20, 30, 60, 180, 300, 600, 900, 1200, 1800, 2700, 3600];

/** What the agent counts and times, by the kubelet's names where they fit. Outlives a reload of the configuration. */
export class AgentMetrics implements AgentObserver {
  readonly operations = new Counter(
    'kubelet_runtime_operations_total',
    'Cumulative number of runtime operations by operation type.',
  );
  readonly operationErrors = new Counter(
    'kubelet_runtime_operations_errors_total',
    'Cumulative number of runtime operation errors by operation type.',
  );
  readonly operationSeconds = new Histogram(
    'kubelet_runtime_operations_duration_seconds',
    'Duration in seconds of runtime operations. Broken down by operation type.',
    operationBuckets,
  );
  readonly startedPods = new Counter('kubelet_started_pods_total', 'Cumulative number of pods started.');
  readonly startedPodErrors = new Counter(
    'kubelet_started_pods_errors_total',
    'Cumulative number of errors when starting pods.',
  );
  readonly startedContainers = new Counter(
    'kubelet_started_containers_total',
    'Cumulative number of containers started.',
  );
  readonly startedContainerErrors = new Counter(
    'kubelet_started_containers_errors_total',
    'Cumulative number of errors when starting containers.',
  );
  readonly sandboxSeconds = new Histogram(
    'kubelet_run_podsandbox_duration_seconds',
    'Duration in seconds of the run_podsandbox operations.',
    defaultBuckets,
  );
  readonly sandboxErrors = new Counter(
    'kubelet_run_podsandbox_errors_total',
    'Cumulative number of the run_podsandbox operation errors.',
  );
  readonly pullSeconds = new Histogram(
    'kubelet_image_pull_duration_seconds',
    'Duration in seconds to pull an image.',
    pullBuckets,
  );
  readonly reloads = new Counter(
    'bootstrap_agent_reloads_total',
    'Times that the configuration was read again, by result.',
  );
  readonly #turnSeconds = new Histogram(
    'kubelet_pod_worker_duration_seconds',
    'Duration in seconds to sync a single pod. Broken down by operation type: create, update, sync, or terminate.',
    defaultBuckets,
  );
  readonly #turnErrors = new Counter('bootstrap_agent_turn_errors_total', 'Looks at a pod that ended in an error.');
  readonly #startSeconds = new Histogram(
    'kubelet_pod_start_duration_seconds',
    'Duration in seconds from the agent seeing a pod for the first time to the pod starting to run.',
    startBuckets,
  );
  readonly #probes = new Counter(
    'prober_probe_total',
    'Cumulative number of a liveness, readiness or startup probe for a container by result.',
  );
  readonly #probeSeconds = new Histogram(
    'prober_probe_duration_seconds',
    'Duration in seconds for a probe response.',
    defaultBuckets,
  );
  readonly #started = new Map<string, string>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #sinceMs: number;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  turned({ key, operation, durationMs, error, pod }: Turn): void {
    this.#turnSeconds.observe({ operation_type: operation }, durationMs / 1000);
    if (error !== undefined) this.#turnErrors.add({ operation_type: operation });
    if (pod === undefined) this.#forget(key);
    else this.#noteStart(key, pod.pod);
  }

  probed({ podKey, podUid, container, kind, result, durationMs }: ProbeRun): void {
    const [namespace = '', pod = ''] = podKey.split('/');
    const labels = { container, namespace, pod, probe_type: capital(kind) };
    this.#probes.add({ ...labels, pod_uid: podUid, result });
    this.#probeSeconds.observe(labels, durationMs / 1000);
  }

  /** All families, with what the status says now. */
  families(status: AgentStatus): readonly Family[] {
    const own = Object.values(this).filter((member) => member instanceof Counter || member instanceof Histogram);
    const hidden = [this.#turnSeconds, this.#turnErrors, this.#startSeconds, this.#probes, this.#probeSeconds];
    return [...own, ...hidden, ...statusGauges(status)];
  }

  /** Once per pod: from when it was first seen until its phase was Running. One that ran before us counts for nothing. */
  #noteStart(key: string, { metadata, status }: NonNullable<Turn['pod']>['pod']): void {
    const { uid = '' } = metadata;
    const begun = this.#started.get(key);
    if (begun !== uid && begun !== undefined) this.#forget(key);
    if (begun === uid || (status?.phase !== 'Running' && status?.phase !== 'Succeeded')) return;
    this.#started.set(key, uid);
    const seenMs = Date.parse(metadata.annotations?.[annotations.configSeen] ?? '');
    const runningMs = Math.max(
      ...status.containerStatuses.map(({ state }) => Date.parse(state.running?.startedAt ?? '')),
    );
    // The API's times are whole seconds: what began in the second we were started in may be ours.
    if (runningMs < Math.floor(this.#sinceMs / 1000) * 1000 || Number.isNaN(seenMs)) return;
    this.#startSeconds.observe({}, Math.max(0, this.#clock.now() - seenMs) / 1000);
  }

  #forget(key: string): void {
    const [namespace = '', pod = ''] = key.split('/');
    this.#started.delete(key);
    this.#probes.forget({ namespace, pod });
    this.#probeSeconds.forget({ namespace, pod });
  }
}

function capital(kind: string): string {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}
