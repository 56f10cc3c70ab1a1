import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { warnOnce } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type { NodeStatus } from '../../kube/node-types.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { nodeLabels } from '../admission/node-labels.ts';
import type { AgentSettings } from '../settings/settings.ts';
import { allowedLabels } from './allowed-labels.ts';
import { type MachineFacts, readMachineFacts } from './machine-facts.ts';
import { nodeImages } from './node-images.ts';
import type { ReadNodeFacts } from './node-keeper.ts';
import { readMachineResources } from './node-resources.ts';
import { RuntimeCheck } from './runtime-check.ts';

type FactSources = {
  readonly host: Pick<
    Host,
    'readText' | 'list' | 'stat' | 'architecture' | 'cpuCount' | 'totalMemoryBytes' | 'diskBytes' | 'freeBytes'
  >;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Pick<ContainerRuntime, 'type' | 'version' | 'listImages'>;
  readonly settings: Pick<AgentSettings, 'nodeName' | 'nodeIPs' | 'nodeLabels' | 'registerWithTaints'>;
  /** On whose disk pods live. */
  readonly dir: string;
  /** Why the agent itself cannot do its work. */
  unhealthy(): string | undefined;
  /** What is served on the kubelet's port, undefined when nothing is. */
  kubeletApi(): { readonly port: number; readonly features: readonly string[] } | undefined;
};

/** Reads what the Node says of this machine; what cannot change while we run is read once. */
export function nodeFactsReader(sources: FactSources): ReadNodeFacts {
  const { host, clock, log, runtime, settings, dir } = sources;
  const check = new RuntimeCheck(runtime, clock);
  const named = nodeLabels({ name: settings.nodeName, architecture: host.architecture(), own: settings.nodeLabels });
  const { labels, refused } = allowedLabels(named);
  const warn = warnOnce(log);
  let machine: MachineFacts | undefined;
  let known: NonNullable<NodeStatus['images']> = [];
  return async ({ kubeletVersion, images }) => {
    if (refused.length > 0) warn(`a node may not give itself the labels ${refused.join(', ')}: an admin sets them`);
    const { version, problem } = await check.look();
    const [resources] = await Promise.all([
      readMachineResources(host, dir),
      (async () => {
        machine ??= await readMachineFacts(host);
        // A runtime that is in trouble is not asked for more.
        if (images && problem === undefined) known = await runtime.listImages().then(nodeImages, () => known);
      })(),
    ]);
    const api = sources.kubeletApi();
    return {
      name: settings.nodeName,
      ips: settings.nodeIPs,
      labels,
      taints: settings.registerWithTaints,
      architecture: labels['kubernetes.io/arch'] ?? '',
      machine: machine ?? (await readMachineFacts(host)),
      runtimeVersion: `${version?.name ?? runtime.type}://${version?.version ?? ''}`,
      kubeletVersion,
      kubeletPort: api?.port,
      declaredFeatures: api?.features ?? [],
      images: known,
      health: { resources, problem: problem ?? sources.unhealthy() },
    };
  };
}
