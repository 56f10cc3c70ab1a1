import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Host } from '../host/host.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { NodeInfo, PodContext } from './containers/pod-context.ts';
import type { DesiredPod } from './desired.ts';
import type { ObtainImage } from './image-puller.ts';
import type { LogRotation } from './logs/rotate-logs.ts';
import type { AgentPaths } from './paths.ts';
import { podPaths } from './pod-paths.ts';
import type { AgentSettings } from './settings.ts';
import { LastGoodStore } from './source/last-good.ts';
import { ManifestSource } from './source/manifest-source.ts';

export type AgentOptions = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: ContainerRuntime;
  readonly obtainImage: ObtainImage;
  readonly settings: AgentSettings;
  readonly paths: AgentPaths;
  readonly version: string;
  /** Shortens a log by copying and truncating it; absent where the runtime rotates by itself. */
  readonly rotation?: LogRotation;
};

/** The node as its pods see it. */
export function nodeOf({ host, settings }: AgentOptions): NodeInfo {
  return {
    name: settings.nodeName,
    ips: settings.nodeIPs,
    cpuCount: host.cpuCount(),
    memoryBytes: host.totalMemoryBytes(),
  };
}

/** What a desired pod's sandbox and containers are made from. */
export function contextOf({ paths, runtime, settings }: AgentOptions, node: NodeInfo, desired: DesiredPod): PodContext {
  const { name, namespace } = desired.pod.metadata;
  return {
    desired,
    node,
    paths: podPaths(paths, { name, namespace, uid: desired.uid }),
    seccomp: { kubeletDir: paths.kubeletDir, seccompDefault: settings.seccompDefault },
    mountsTerminationLog: runtime.type !== 'process',
    sandboxImage: settings.podInfraContainerImage,
  };
}

/** The directory of manifests, if there is one. */
export function sourceOf(options: AgentOptions, onChange: (key: string) => void): ManifestSource | undefined {
  const { host, settings, paths } = options;
  if (settings.staticPodPath === undefined) return undefined;
  return new ManifestSource({
    ...options,
    path: settings.staticPodPath,
    nodeName: settings.nodeName,
    checkEveryMs: settings.fileCheckFrequencyMs,
    lastGood: new LastGoodStore(host, paths.lastGoodDir, options.log),
    onChange,
  });
}
