import type Docker from 'dockerode';
import { labels as common } from '../labels.ts';
import type { ObservedContainer, ObservedSandbox } from '../runtime.ts';
import { attemptOf, dockerLabels, podOf, readLabels } from './identity.ts';

type Told = Pick<
  ObservedContainer,
  'state' | 'createdAtMs' | 'startedAtMs' | 'finishedAtMs' | 'exitCode' | 'reason' | 'message'
>;

/** What can be known of a container's run (kubelet.md 2.5; cri-dockerd core/container_status.go). */
export function stateOf(info: Pick<Docker.ContainerInspectInfo, 'State' | 'Created'>): Told {
  const { State: state } = info;
  const createdAtMs = timeOf(info.Created) ?? 0;
  const finishedAtMs = state.Running ? undefined : timeOf(state.FinishedAt);
  const toldStartMs = timeOf(state.StartedAt);
  // Docker stamps the start after it has happened: a program that ends at once seems to end before it.
  const startedAtMs = toldStartMs === undefined ? undefined : Math.min(toldStartMs, finishedAtMs ?? toldStartMs);
  const times = { createdAtMs, ...(startedAtMs === undefined ? {} : { startedAtMs }) };
  if (state.Running) return { state: 'running', ...times };
  const message = state.Error === '' ? {} : { message: state.Error };
  if (finishedAtMs !== undefined) {
    const reason = state.OOMKilled ? 'OOMKilled' : state.ExitCode === 0 ? 'Completed' : 'Error';
    return { state: 'exited', ...times, finishedAtMs, exitCode: state.ExitCode, reason, ...message };
  }
  if (state.ExitCode === 0) return { state: 'created', ...times, ...message };
  // It never ran: Docker gives no time of its end, its making is the nearest.
  const failed = { exitCode: state.ExitCode, reason: 'ContainerCannotRun', finishedAtMs: createdAtMs };
  return { state: 'exited', ...times, ...failed, ...message };
}

/** A sandbox from the list alone; undefined when its labels say no pod. */
export function sandboxOf(info: Docker.ContainerInfo): ObservedSandbox | undefined {
  const pod = podOf(info.Labels);
  if (pod === undefined) return undefined;
  const hostNetwork = info.HostConfig.NetworkMode === 'host';
  return {
    id: info.Id,
    pod,
    attempt: attemptOf(nameOf(info)),
    ready: info.State === 'running',
    createdAtMs: info.Created * 1000,
    ips: hostNetwork ? [] : addressesOf(info),
    hostNetwork,
    ...readLabels(info.Labels),
  };
}

/** A container from the list and what inspecting it told. */
export function containerOf(info: Docker.ContainerInfo, told: Told): ObservedContainer | undefined {
  const pod = podOf(info.Labels);
  const name = info.Labels[common.containerName];
  if (pod === undefined || name === undefined) return undefined;
  return {
    id: info.Id,
    name,
    sandboxId: info.Labels[dockerLabels.sandboxId] ?? '',
    pod,
    attempt: attemptOf(nameOf(info)),
    ...told,
    image: imageOf(info),
    imageId: info.ImageID,
    logPath: info.Labels[dockerLabels.logPath] ?? '',
    ...readLabels(info.Labels),
  };
}

/** Ours are created by image ID, and the label tells of which reference; whoever replaces one by hand gives a reference. */
function imageOf({ Image: image, Labels: labels }: Docker.ContainerInfo): string {
  return /^(?:sha256:)?[0-9a-f]{64}$/.test(image) ? (labels[dockerLabels.image] ?? image) : image;
}

function nameOf(info: Docker.ContainerInfo): string {
  return info.Names[0] ?? '';
}

function addressesOf(info: Docker.ContainerInfo): string[] {
  const networks = Object.values(info.NetworkSettings?.Networks ?? {});
  return networks.flatMap((network) => [network.IPAddress, network.GlobalIPv6Address]).filter((ip) => ip !== '');
}

/** Docker's zero time is the year 1. */
function timeOf(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
}
