import { type Clock, sleep } from '../base/clock.ts';
import type { Host } from '../host/host.ts';
import { hostPort } from '../kube/cidr.ts';
import type { ContainerPort, LifecycleHandler } from '../kube/types.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';

export type HookTarget = {
  readonly containerId: string;
  /** For actions that name no host. */
  readonly address: string;
  readonly ports: readonly ContainerPort[];
};

export type HookDoors = {
  readonly host: Pick<Host, 'request' | 'connectTcp'>;
  readonly runtime: Pick<ContainerRuntime, 'exec'>;
  readonly clock: Clock;
};

/** Runs a postStart or preStop handler, at most `timeoutMs`; throws when it fails (kubelet pkg/kubelet/lifecycle/handlers.go). */
export async function runHook(
  doors: HookDoors,
  handler: LifecycleHandler,
  target: HookTarget,
  timeoutMs: number,
): Promise<void> {
  if (handler.exec !== undefined) {
    const result = await doors.runtime.exec(target.containerId, handler.exec.command ?? [], timeoutMs);
    if (result.timedOut) throw new Error(`the hook did not end within ${timeoutMs / 1000} s`);
    if (result.exitCode !== 0) throw new Error(`the hook exited with code ${result.exitCode}: ${result.output.trim()}`);
  }
  if (handler.httpGet !== undefined) await httpHook(doors, handler.httpGet, target, timeoutMs);
  if (handler.tcpSocket !== undefined) {
    const { host = target.address, port } = handler.tcpSocket;
    await doors.host.connectTcp(host, portNumber(port, target.ports), timeoutMs);
  }
  if (handler.sleep !== undefined) await sleep(doors.clock, Math.min(handler.sleep.seconds * 1000, timeoutMs));
}

/** A port by number or by its name among the container's; throws when the name is unknown. */
export function portNumber(port: number | string, ports: readonly ContainerPort[]): number {
  if (typeof port === 'number') return port;
  const named = ports.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number.parseInt(port, 10);
  if (Number.isNaN(number)) throw new Error(`the container has no port named ${port}`);
  return number;
}

async function httpHook(
  { host }: HookDoors,
  action: NonNullable<LifecycleHandler['httpGet']>,
  target: HookTarget,
  timeoutMs: number,
): Promise<void> {
  const place = hostPort(action.host ?? target.address, portNumber(action.port, target.ports));
  const url = `${action.scheme.toLowerCase()}://${place}${action.path}`;
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  await host.request(url, { headers, timeoutMs, ca: false, maxBytes: 10_240 });
}
