import type { AgentPod, AgentStatus, RejectedManifest } from '../../kube/agent-socket.ts';
import type { AgentOptions } from '../agent-parts.ts';
import type { NodeInfo } from '../containers/pod-context.ts';
import type { DesiredPod } from '../desired.ts';
import type { NetworkCheck } from '../observe/network-check.ts';
import type { PodListing } from '../observe/pod-listing.ts';
import { mayRun, partInstances } from '../plan/instance.ts';
import { newRecord, type PodRecord } from '../pod-record.ts';
import type { SyncDoors } from '../turn/sync-pod.ts';
import { agentPodOf } from './agent-pod.ts';

/** What the agent shows of itself on agent.sock. */
export function agentStatusOf(
  { host, runtime, settings, version }: AgentOptions,
  about: {
    readonly startedMs: number;
    readonly listing: Pick<PodListing, 'version' | 'error'>;
    readonly network: Pick<NetworkCheck, 'problem'>;
    readonly pods: readonly AgentPod[];
    readonly rejected: readonly RejectedManifest[];
  },
): AgentStatus {
  const { startedMs, listing, network, pods, rejected } = about;
  return {
    pid: host.pid,
    version,
    startedAt: new Date(startedMs).toISOString(),
    nodeName: settings.nodeName,
    runtime: {
      type: runtime.type,
      name: listing.version?.name ?? runtime.type,
      version: listing.version?.version ?? '',
      ...(listing.error === undefined ? {} : { error: listing.error }),
      ...(runtime.type === 'cri' && listing.error === undefined ? { network: networkOf(network.problem) } : {}),
    },
    ...(settings.staticPodPath === undefined ? {} : { manifestDirectory: settings.staticPodPath }),
    pods,
    rejected,
  };
}

function networkOf(problem: string | undefined): NonNullable<AgentStatus['runtime']['network']> {
  return problem === undefined ? { ready: true } : { ready: false, problem };
}

type Agent = { readonly options: AgentOptions; readonly doors: SyncDoors; readonly node: NodeInfo };

/** The pod as `podView` shows it and, after it, the instance that a claim lets run on beside it. */
export function podViews(agent: Agent, desired: DesiredPod | undefined, record: PodRecord): readonly AgentPod[] {
  const views = [podView(agent, desired, record), desired && keptView(agent, desired, record)];
  return views.filter((view) => view !== undefined);
}

/** As far as its containers tell. */
function keptView(agent: Agent, desired: DesiredPod, { key, observed }: PodRecord): AgentPod | undefined {
  const claim = agent.doors.claims.get(desired.file);
  const kept = observed.find(({ pod }) => pod.uid === claim?.uid && pod.uid !== desired.uid);
  if (claim === undefined || claim.place !== undefined || kept === undefined) return undefined;
  const view = podView(agent, undefined, { ...newRecord(key), observed: [kept] });
  const { pid } = claim.holder;
  const overlap = { pid, until: new Date(claim.untilMs).toISOString() };
  return view && { ...view, doing: `runs on beside the new one until pid ${pid} has changed over`, overlap };
}

/** What others see of a name: the pod, and beside it an older form that still runs while the pod itself does not. */
export type SeenPod = { readonly pod?: AgentPod; readonly older?: AgentPod };

/** A pod for those who show it elsewhere; empty when nothing of it is desired or there. */
export function seenPod(agent: Agent, desired: DesiredPod | undefined, record: PodRecord): SeenPod {
  const pod = podView(agent, desired, record);
  const { own, others } = partInstances(desired, record.observed, desired && agent.doors.stays(desired));
  const older = others.find(({ containers }) => containers.some(mayRun));
  const isOlder = desired !== undefined && older !== undefined && !own?.containers.some(mayRun);
  const view = isOlder ? podView(agent, undefined, { ...newRecord(record.key), observed: [older] }) : undefined;
  return { ...(pod === undefined ? {} : { pod }), ...(view === undefined ? {} : { older: view }) };
}

/** One pod as the agent knows it; undefined when nothing of it is desired or there. */
export function podView(agent: Agent, desired: DesiredPod | undefined, record: PodRecord): AgentPod | undefined {
  const { options, doors, node } = agent;
  const { states, prober, maxRestartPeriodMs } = doors;
  const uid = desired?.uid ?? record.observed[0]?.pod.uid ?? '';
  return agentPodOf({
    desired,
    record,
    nowMs: options.clock.now(),
    runtimeType: options.runtime.type,
    hostIPs: node.ips,
    maxRestartPeriodMs,
    probes: (id) => prober.results(record.key, id),
    transitionMs: (type, status) => states.transitionMs(uid, type, status),
    remembered: (id) => states.get(uid).containers[id],
    startMs: states.startMs(uid),
    over: states.get(uid).over,
  });
}
