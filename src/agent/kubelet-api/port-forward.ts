import type { PeerRequest } from '../../host/peer-request.ts';
import type { PeerResponse } from '../../host/peer-response.ts';
import { findPod, type PodsView } from './find-pod.ts';
import type { StreamProtocols, StreamRuntime, Upgrade } from './streams.ts';

export type ForwardDoors = PodsView & {
  readonly runtime: StreamRuntime;
  readonly protocols: Pick<StreamProtocols, 'portForward'>;
};

/** `/portForward/NAMESPACE/POD[/UID]`; old clients over WebSocket name the ports here, others for each connection. */
export async function forwardPorts(
  doors: ForwardDoors,
  request: PeerRequest,
  [namespace = '', name = '', uid]: readonly string[],
): Promise<PeerResponse | Upgrade> {
  const ports = request.query
    .getAll('port')
    .flatMap((text) => text.split(','))
    .map(Number);
  const wrong = ports.find((port) => !Number.isInteger(port) || port < 1 || port > 65_535);
  if (wrong !== undefined) return { status: 400, body: `port "${wrong}" must be between 1 and 65535` };
  const pod = findPod(doors, { namespace, name, uid });
  if (pod === undefined) return { status: 404, body: 'pod does not exist' };
  const observed = (await doors.runtime.observePods({ namespace, name })).find(
    (seen) => seen.pod.uid === pod.metadata.uid,
  );
  const sandbox = observed?.sandboxes.find(({ ready }) => ready);
  if (sandbox === undefined) return { status: 500, body: `pod not found ("${name}_${namespace}")` };
  const { method, headers } = request;
  const connect = (port: number) => doors.runtime.streams.portForward(sandbox.id, port);
  return (connection) => doors.protocols.portForward({ method, headers, ...connection }, ports, connect);
}
