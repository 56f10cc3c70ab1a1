import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Host } from '../host/host.ts';
import type { AgentPod } from '../kube/agent-socket.ts';
import type { ContainerRuntime, ObservedPod } from '../runtime/runtime.ts';
import { Admissions, type KnownPod } from './admission/admissions.ts';
import { nodeLabels } from './admission/node-labels.ts';
import { stayingPlace } from './claims/claim.ts';
import { Claims } from './claims/claims.ts';
import type { NodeInfo, PodContext } from './containers/pod-context.ts';
import type { DesiredPod } from './desired.ts';
import type { AgentPaths } from './home/paths.ts';
import { podPaths } from './home/pod-paths.ts';
import { ImagePuller, type ObtainImage } from './images/image-puller.ts';
import type { LogRotation } from './logs/rotate-logs.ts';
import type { AgentObserver } from './metrics/observer.ts';
import { NetworkCheck } from './observe/network-check.ts';
import { Prober } from './probes/prober.ts';
import type { AgentSettings } from './settings/settings.ts';
import type { PodSource } from './source/pod-source.ts';
import type { ReviewChange } from './source/review-changes.ts';
import { StartGates } from './start-gates.ts';
import { PodStates } from './state/pod-states.ts';
import { runtimeTypeOf } from './status/container-id.ts';
import { type Rival, Takeover } from './takeover/takeover.ts';
import { StopsUnderWay } from './turn/stops-under-way.ts';
import type { SyncDoors } from './turn/sync-pod.ts';

export type AgentOptions = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: ContainerRuntime;
  /** Runtimes that pods move out of (runtime/place.ts), as far as `runtime` knows them. */
  readonly formers?: readonly string[];
  readonly obtainImage: ObtainImage;
  readonly settings: AgentSettings;
  readonly paths: AgentPaths;
  readonly version: string;
  /** Shortens a log by copying and truncating it; absent where the runtime rotates by itself. */
  readonly rotation?: LogRotation;
  readonly observer?: AgentObserver;
  /** Finishes or undoes a rollout whose process has died; false while another process is at it. */
  readonly recover?: () => Promise<boolean>;
  /** Guards hand edits. */
  readonly reviewChange?: ReviewChange;
  /** Pods of other owners are replaced; tells who still looks after them. */
  readonly takeover?: { rivalOf(pods: readonly ObservedPod[]): Promise<Rival | undefined> } | undefined;
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
function contextOf(
  { paths, runtime, settings }: AgentOptions,
  node: NodeInfo,
  { desired, former }: { readonly desired: DesiredPod; readonly former: string | undefined },
): PodContext {
  const { name, namespace } = desired.pod.metadata;
  return {
    desired,
    node,
    paths: podPaths(paths, { name, namespace, uid: desired.uid }),
    seccomp: { kubeletDir: paths.kubeletDir, seccompDefault: settings.seccompDefault },
    rules: settings,
    dns: settings.dns,
    hasMounts: runtimeTypeOf({ ...(former && { former }) }, runtime.type) !== 'process',
    sandboxImage: settings.podInfraContainerImage,
    ...(former === undefined ? {} : { former }),
  };
}

type About = {
  readonly node: NodeInfo;
  readonly source: Pick<PodSource, 'look' | 'get' | 'keys'>;
  request(key: string): void;
  /** All pods, wanted or there. */
  readonly pods: () => Iterable<KnownPod>;
  readonly shown: (key: string) => AgentPod | undefined;
};

/** What a look at a pod works with. */
export function doorsOf(options: AgentOptions, about: About): SyncDoors {
  const { node, request, pods } = about;
  const { host, clock, log, runtime, settings, paths } = options;
  const states = new PodStates({ host, clock, log, dir: join(paths.stateDir, 'pods') });
  const maxParallel = settings.maxParallelImagePulls;
  const claims = claimsOf(options, about);
  const stays = (desired: DesiredPod) => stayingPlace(claims.get(desired.file), desired, options.formers);
  return {
    ...options,
    network: new NetworkCheck(options),
    stops: new StopsUnderWay(clock, request),
    states,
    claims,
    stays,
    images: new ImagePuller({ runtime, clock, log, states, maxParallel, obtain: options.obtainImage }),
    prober: new Prober({ ...options, doors: options, onChange: proberChange(options, request) }),
    gates: new StartGates({ host, clock, log, rules: settings.startAfter, onOpen: request }),
    admissions: new Admissions({
      host,
      pods,
      node: admittingNode(options, node),
      isOver: (uid) => states.get(uid).over !== undefined,
    }),
    takeover: options.takeover && new Takeover({ ...options, ...about, ...options.takeover, states }),
    nodeIP: node.ips[0],
    maxRestartPeriodMs: settings.maxContainerRestartPeriodMs,
    contextOf: (desired) => contextOf(options, node, { desired, former: stays(desired) }),
    request,
  };
}

/** A turn that takes long, such as a stop, does not hide what the probes say meanwhile. */
function proberChange({ observer }: AgentOptions, request: (key: string) => void): (key: string) => void {
  return (key) => {
    observer?.changed?.(key);
    request(key);
  };
}

function claimsOf({ host, clock, log, paths, recover }: AgentOptions, { source, request }: About): Claims {
  return new Claims({
    host,
    clock,
    log,
    file: join(paths.stateDir, 'claims.json'),
    settle: async () => {
      if (recover !== undefined && !(await recover())) return false;
      await source.look();
      return true;
    },
    onEnd: (file) => {
      for (const key of source.keys()) if (source.get(key)?.file === file) request(key);
    },
  });
}

function admittingNode({ host, runtime, settings }: AgentOptions, { name, cpuCount, memoryBytes }: NodeInfo) {
  return {
    name,
    labels: nodeLabels({ name, architecture: host.architecture(), own: settings.nodeLabels }),
    cpuMilli: cpuCount * 1000,
    memoryBytes,
    maxPods: settings.maxPods,
    // Docker and containerd add the groups of the image whatever they are told.
    strictGroups: runtime.type === 'process',
  };
}
