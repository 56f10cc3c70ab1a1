import { messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { TlsSessions } from '../../host/tls-sessions.ts';
import type { Container, Probe } from '../../kube/types.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { expandVariables } from '../env/expand.ts';
import { grpcProbe } from './grpc-probe.ts';
import { portNumber } from './http-action.ts';
import { httpProbe } from './http-probe.ts';

/** `error`: the probe itself could not be carried out; it counts neither way. */
export type ProbeOutcome = {
  readonly result: 'success' | 'failure' | 'error';
  readonly message: string;
  /** Of a success that somebody should know about. */
  readonly warning?: string;
};

export type ProbeTarget = {
  readonly containerId: string;
  readonly container: Container;
  /** Where the container listens when the probe names no host. */
  readonly address: string;
};

export type ProbeDoors = {
  readonly host: Pick<Host, 'request' | 'connectTcp' | 'grpcCall'>;
  readonly runtime: Pick<ContainerRuntime, 'exec'>;
  /** Makes the handshakes of https probes short. */
  readonly tls?: TlsSessions;
};

/** Carries out one probe (kubernetes pkg/probe). Never throws. */
export async function runProbe(doors: ProbeDoors, probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = probe.timeoutSeconds * 1000;
  try {
    if (probe.exec !== undefined) return await execProbe(doors, probe.exec.command ?? [], target, timeoutMs);
    if (probe.httpGet !== undefined) return await httpProbe(doors, probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket !== undefined) return await tcpProbe(doors, probe.tcpSocket, target, timeoutMs);
    if (probe.grpc !== undefined) return await grpcProbe(doors.host, probe.grpc, target.address, timeoutMs);
    return { result: 'error', message: 'it has none of exec, httpGet, tcpSocket and grpc' };
  } catch (thrown) {
    return { result: 'error', message: messageOf(thrown) };
  }
}

async function execProbe(
  { runtime }: ProbeDoors,
  command: readonly string[],
  { containerId, container }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const variables = literalEnvironment(container);
  const words = command.map((word) => expandVariables(word, variables));
  const { exitCode, output, timedOut } = await runtime.exec(containerId, words, timeoutMs);
  if (timedOut) {
    return {
      result: 'failure',
      message: `command timed out: "${words.join(' ')}" timed out after ${timeoutMs / 1000}s`,
    };
  }
  if (exitCode === 0) return { result: 'success', message: '' };
  return { result: 'failure', message: output.trim() === '' ? `exit code ${exitCode}` : output.trim() };
}

/**
 * The values that the manifest itself spells out, unexpanded; those from elsewhere count as empty, and envFrom as not
 * there (kubernetes pkg/kubelet/container ExpandContainerCommandOnlyStatic).
 */
function literalEnvironment({ env = [] }: Container): ReadonlyMap<string, string> {
  return new Map(env.map(({ name, value }) => [name, value ?? '']));
}

async function tcpProbe(
  { host }: ProbeDoors,
  action: NonNullable<Probe['tcpSocket']>,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const port = portNumber(action.port, target.container.ports ?? []);
  try {
    await host.connectTcp(action.host || target.address, port, timeoutMs);
    return { result: 'success', message: '' };
  } catch (thrown) {
    return { result: 'failure', message: messageOf(thrown) };
  }
}
