import type { CommandIo } from '../../base/command-io.ts';
import type { PeerRequest } from '../../host/peer-request.ts';
import type { Upgrading } from '../../host/serve-tls.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';

/** A connection whose protocol is to change; whoever gets it answers the request on it. */
export type UpgradedRequest = Pick<PeerRequest, 'method' | 'headers'> & Upgrading;

/** The streams that a client asks for. */
export type WantedStreams = {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
};

/** The protocols of streaming (layer `streaming`): each has the connection until it is closed, and never rejects. */
export type StreamProtocols = {
  /** `run` gives the exit code. */
  remoteCommand(
    request: UpgradedRequest,
    wanted: WantedStreams,
    run: (io: CommandIo) => Promise<number>,
  ): Promise<void>;
  portForward(
    request: UpgradedRequest,
    legacyPorts: readonly number[],
    connect: (port: number) => Promise<Upgrading['socket']>,
  ): Promise<void>;
};

/** What of the runtime is streamed from and to. */
export type StreamRuntime = Pick<ContainerRuntime, 'observePods' | 'streams'>;

/** What a way of streaming answers: a refusal, or who takes the connection. */
export type Upgrade = (connection: Upgrading) => Promise<void>;
