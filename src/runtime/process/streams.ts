import { connectLocally } from '../../host/connect-local.ts';
import type { ContainerStreams } from '../runtime.ts';
import { attachToLog } from './attach.ts';
import type { ProcessContext } from './context.ts';
import { execStream } from './exec-stream.ts';

/** Streams of pods that are processes of this machine: their localhost is this machine's. */
export function processStreams(context: ProcessContext): ContainerStreams {
  return {
    exec: (id, command, io) => execStream(context, { id, command }, io),
    attach: (id, io) => attachToLog(context, id, io),
    portForward: (_sandboxId, port) => connectLocally(port),
  };
}
