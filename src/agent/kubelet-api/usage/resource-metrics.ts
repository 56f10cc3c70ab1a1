import type { Labels } from '../../../kube/types.ts';
import type { Family, Sample } from '../../metrics/registry.ts';
import type { NodeUsage } from './node-usage.ts';
import type { ContainerUsage, PodUsage } from './pod-usage.ts';

export type ResourceFigures = { readonly node: NodeUsage; readonly pods: readonly PodUsage[] };

type Reading = Pick<Sample, 'labels' | 'value' | 'atMs'>;

/**
 * `/metrics/resource`, which metrics-server reads: names as the kubelet's (pkg/kubelet/metrics/collectors/
 * resource_metrics.go). Undefined figures: they could not be read, which is told and nothing else.
 */
export function resourceFamilies(figures: ResourceFigures | undefined): readonly Family[] {
  const error = family(
    'resource_scrape_error',
    'gauge',
    '1 if there was an error while getting container metrics, 0 otherwise',
    [{ labels: {}, value: figures === undefined ? 1 : 0 }],
  );
  return figures === undefined ? [error] : [error, ...nodeFamilies(figures.node), ...podFamilies(figures.pods)];
}

function nodeFamilies({ atMs, cpuNanoseconds, memory, swap }: NodeUsage): readonly Family[] {
  const one = (value: number) => [{ labels: {}, value, atMs }];
  return [
    family(
      'node_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the node in core-seconds',
      one(cpuNanoseconds / 1e9),
    ),
    family(
      'node_memory_working_set_bytes',
      'gauge',
      'Current working set of the node in bytes',
      one(memory.workingSetBytes),
    ),
    family('node_swap_usage_bytes', 'gauge', 'Current swap usage of the node in bytes', one(swap.usageBytes)),
  ];
}

function podFamilies(pods: readonly PodUsage[]): readonly Family[] {
  const all = pods.flatMap(({ pod, containers }) => containers.map((container) => ({ pod, container })));
  const ofContainers = (read: (container: ContainerUsage) => Omit<Reading, 'labels'>) =>
    all.map(({ pod, container }) => ({ labels: { container: container.name, ...podLabels(pod) }, ...read(container) }));
  const ofPods = (value: (container: ContainerUsage) => number) =>
    pods.map(({ pod, containers }) => ({
      labels: podLabels(pod),
      value: containers.reduce((sum, container) => sum + value(container), 0),
      atMs: Math.max(...containers.map(({ stats }) => stats.atMs)),
    }));
  const seconds = ({ stats }: ContainerUsage) => stats.cpuNanoseconds / 1e9;
  const bytes = ({ stats }: ContainerUsage) => stats.workingSetBytes;
  const timed = (value: (container: ContainerUsage) => number) => (container: ContainerUsage) => ({
    value: value(container),
    atMs: container.stats.atMs,
  });
  return [
    family(
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds',
      ofContainers(({ startedMs }) => ({ value: startedMs / 1000 })),
    ),
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      ofContainers(timed(seconds)),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set of the container in bytes',
      ofContainers(timed(bytes)),
    ),
    family(
      'pod_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the pod in core-seconds',
      ofPods(seconds),
    ),
    family('pod_memory_working_set_bytes', 'gauge', 'Current working set of the pod in bytes', ofPods(bytes)),
  ];
}

function podLabels({ metadata }: PodUsage['pod']): Labels {
  return { namespace: metadata.namespace, pod: metadata.name };
}

function family(name: string, type: Family['type'], help: string, readings: readonly Reading[]): Family {
  return { name, type, help, samples: () => readings.map((reading) => ({ name, ...reading })) };
}
