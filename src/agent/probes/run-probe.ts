import { messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { Container, Probe } from '../../kube/types.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { portNumber } from '../lifecycle-hooks.ts';
import { httpProbe } from './http-probe.ts';

/** `error`: the probe itself could not be carried out; it counts neither way. */
export type ProbeOutcome = { readonly result: 'success' | 'failure' | 'error'; readonly message: string };

export type ProbeTarget = {
  readonly containerId: string;
  readonly container: Container;
  /** Where the container listens when the probe names no host. */
  readonly address: string;
};

export type ProbeDoors = {
  readonly host: Pick<Host, 'request' | 'connectTcp'>;
  readonly runtime: Pick<ContainerRuntime, 'exec'>;
};

/** Carries out one probe (kubernetes pkg/probe). Never throws. */
export async function runProbe(doors: ProbeDoors, probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = probe.timeoutSeconds * 1000;
  try {
    if (probe.exec !== undefined) return await execProbe(doors, probe.exec.command ?? [], target, timeoutMs);
    if (probe.httpGet !== undefined) return await httpProbe(doors.host, probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket !== undefined) return await tcpProbe(doors, probe.tcpSocket, target, timeoutMs);
    return { result: 'error', message: 'only exec, httpGet and tcpSocket probes are supported' };
  } catch (thrown) {
    return { result: 'error', message: messageOf(thrown) };
  }
}

async function execProbe(
  { runtime }: ProbeDoors,
  command: readonly string[],
  { containerId }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const { exitCode, output, timedOut } = await runtime.exec(containerId, command, timeoutMs);
  if (timedOut) return { result: 'failure', message: `command did not end within ${timeoutMs / 1000} s` };
  const said = output.trim() === '' ? `exit code ${exitCode}` : output.trim();
  return { result: exitCode === 0 ? 'success' : 'failure', message: said };
}

async function tcpProbe(
  { host }: ProbeDoors,
  action: NonNullable<Probe['tcpSocket']>,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const port = portNumber(action.port, target.container.ports ?? []);
  try {
    await host.connectTcp(action.host ?? target.address, port, timeoutMs);
    return { result: 'success', message: '' };
  } catch (thrown) {
    return { result: 'failure', message: messageOf(thrown) };
  }
}
