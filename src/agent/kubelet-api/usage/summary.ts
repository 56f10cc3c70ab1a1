import type { ResourceUsage } from '../../../runtime/runtime.ts';
import type { InterfaceUsage, NodeUsage } from './node-usage.ts';
import type { ContainerUsage, PodUsage } from './pod-usage.ts';

/** Of the file system of the kubelet's directory; images and containers are on it too, as far as we know. */
export type DiskUsage = { readonly capacityBytes: number; readonly availableBytes: number };

export type SummaryInput = {
  readonly nodeName: string;
  readonly node: NodeUsage;
  readonly pods: readonly PodUsage[];
  readonly disk: DiskUsage;
  /** The interface of the default route. */
  readonly defaultInterface: string | undefined;
  /** Processor time in a second, in ns, of what was looked at before too: by container ID, '' is the node. */
  readonly nanoCores: ReadonlyMap<string, number>;
  /** How long its log is. */
  readonly logBytes: (container: ContainerUsage) => number | undefined;
  readonly onlyCpuAndMemory: boolean;
};

/** `/stats/summary` (k8s.io/kubelet/pkg/apis/stats/v1alpha1), as far as it is known here. */
export function summary(input: SummaryInput) {
  return { node: nodeSummary(input), pods: input.pods.map((usage) => podSummary(input, usage)) };
}

function nodeSummary({ nodeName, node, disk, defaultInterface, nanoCores, onlyCpuAndMemory }: SummaryInput) {
  const time = timeText(node.atMs);
  const { totalBytes, usageBytes, workingSetBytes, rssBytes } = node.memory;
  const availableBytes = Math.max(0, totalBytes - workingSetBytes);
  const usedBytes = disk.capacityBytes - disk.availableBytes;
  return {
    nodeName,
    startTime: timeText(node.bootMs),
    cpu: cpuSummary(time, node.cpuNanoseconds, nanoCores.get('')),
    memory: { time, availableBytes, usageBytes, workingSetBytes, rssBytes },
    swap: { time, swapAvailableBytes: node.swap.availableBytes, swapUsageBytes: node.swap.usageBytes },
    ...(onlyCpuAndMemory
      ? {}
      : {
          network: networkSummary(time, node.interfaces, defaultInterface),
          fs: { time, ...disk, usedBytes },
          rlimit: { time, ...node.rlimit },
        }),
  };
}

function networkSummary(time: string, interfaces: readonly InterfaceUsage[], name: string | undefined) {
  return { time, ...interfaces.find((one) => one.name === name), interfaces };
}

function podSummary(input: SummaryInput, { pod, containers }: PodUsage) {
  const { name, namespace, uid } = pod.metadata;
  const time = timeText(Math.max(...containers.map(({ stats }) => stats.atMs)));
  const sum = (of: (usage: ResourceUsage) => number) => containers.reduce((total, { stats }) => total + of(stats), 0);
  const cores = containers.map(({ stats }) => input.nanoCores.get(stats.id));
  const nanoCores = cores.reduce(
    (total, one) => (total === undefined || one === undefined ? undefined : total + one),
    0,
  );
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime,
    containers: containers.map((container) => containerSummary(input, container)),
    cpu: cpuSummary(
      time,
      sum((usage) => usage.cpuNanoseconds),
      nanoCores,
    ),
    memory: {
      time,
      usageBytes: sum((usage) => usage.usageBytes),
      workingSetBytes: sum((usage) => usage.workingSetBytes),
      rssBytes: sum((usage) => usage.rssBytes),
      pageFaults: sum((usage) => usage.pageFaults),
      majorPageFaults: sum((usage) => usage.majorPageFaults),
    },
  };
}

function containerSummary({ nanoCores, logBytes, onlyCpuAndMemory }: SummaryInput, container: ContainerUsage) {
  const { id, atMs, cpuNanoseconds, limitBytes, ...memory } = container.stats;
  const time = timeText(atMs);
  const usedBytes = onlyCpuAndMemory ? undefined : logBytes(container);
  const available =
    limitBytes === undefined ? {} : { availableBytes: Math.max(0, limitBytes - memory.workingSetBytes) };
  return {
    name: container.name,
    startTime: timeText(container.startedMs),
    cpu: cpuSummary(time, cpuNanoseconds, nanoCores.get(id)),
    memory: { time, ...available, ...memory },
    ...(usedBytes === undefined ? {} : { logs: { time, usedBytes } }),
  };
}

function cpuSummary(time: string, usageCoreNanoSeconds: number, usageNanoCores: number | undefined) {
  return {
    time,
    ...(usageNanoCores === undefined ? {} : { usageNanoCores }),
    usageCoreNanoSeconds: Math.round(usageCoreNanoSeconds),
  };
}

/** The API's times are whole seconds. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
