import type { Host } from '../../host/host.ts';
import type { ContainerStreams } from '../runtime.ts';
import { attachToContainer } from './attach.ts';
import { execStream } from './exec-stream.ts';
import type { KillContext } from './kill-exec.ts';
import { connectToPod } from './port-forward.ts';

/** Streams of containers in a Docker Engine: by its own hijacked connections, ports by the pod's network. */
export function dockerStreams(context: KillContext & { readonly host: Host }): ContainerStreams {
  return {
    exec: (id, command, io) => execStream(context, { id, command }, io),
    attach: (id, io) => attachToContainer(context, id, io),
    portForward: (sandboxId, port) => connectToPod(context, sandboxId, port),
  };
}
