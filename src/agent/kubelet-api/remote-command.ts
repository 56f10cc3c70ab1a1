import type { CommandIo } from '../../base/command-io.ts';
import type { PeerRequest } from '../../host/peer-request.ts';
import type { PeerResponse } from '../../host/peer-response.ts';
import type { Pod } from '../../kube/types.ts';
import { containerStatuses, runtimeId } from './container-statuses.ts';
import { findPod, type PodsView } from './find-pod.ts';
import type { StreamProtocols, StreamRuntime, Upgrade, WantedStreams } from './streams.ts';

export type CommandDoors = PodsView & {
  readonly runtime: Pick<StreamRuntime, 'streams'>;
  readonly protocols: Pick<StreamProtocols, 'remoteCommand'>;
};

type Run = (id: string, io: CommandIo) => Promise<number>;

/** `/exec/NAMESPACE/POD[/UID]/CONTAINER?command=…`. */
export async function execCommand(
  doors: CommandDoors,
  request: PeerRequest,
  at: readonly string[],
): Promise<PeerResponse | Upgrade> {
  const command = request.query.getAll('command');
  if (command.length === 0) return { status: 400, body: 'you must specify at least one command for the container' };
  return inContainer(doors, request, at, (id, io) => doors.runtime.streams.exec(id, command, io));
}

/** `/attach/NAMESPACE/POD[/UID]/CONTAINER`. */
export async function attachContainer(
  doors: CommandDoors,
  request: PeerRequest,
  at: readonly string[],
): Promise<PeerResponse | Upgrade> {
  return inContainer(doors, request, at, (id, io) => doors.runtime.streams.attach(id, io));
}

function inContainer(
  doors: CommandDoors,
  request: PeerRequest,
  at: readonly string[],
  run: Run,
): PeerResponse | Upgrade {
  const wanted = wantedStreams(request.query);
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    return { status: 400, body: 'you must specify at least 1 of stdin, stdout, stderr' };
  }
  const [namespace = '', name = '', ...rest] = at;
  const [uid, container = ''] = rest.length > 1 ? rest : [undefined, rest[0]];
  const pod = findPod(doors, { namespace, name, uid });
  if (pod === undefined) return { status: 404, body: 'pod does not exist' };
  const id = runningContainer(pod, container);
  if (id === undefined) return { status: 500, body: `container not found ("${container}")` };
  const { method, headers } = request;
  return (connection) => doors.protocols.remoteCommand({ method, headers, ...connection }, wanted, (io) => run(id, io));
}

/** A terminal has one output (k8s.io/cri-streaming remotecommand NewOptions). */
function wantedStreams(query: URLSearchParams): WantedStreams {
  const wants = (name: string) => ['1', 'true'].includes(query.get(name) ?? '');
  const tty = wants('tty');
  return { stdin: wants('input'), stdout: wants('output'), stderr: wants('error') && !tty, tty };
}

function runningContainer(pod: Pod, container: string): string | undefined {
  const found = containerStatuses(pod).find(({ name, state }) => name === container && state.running !== undefined);
  return found && runtimeId(found);
}
