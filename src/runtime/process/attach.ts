import { sleep } from '../../base/clock.ts';
import type { CommandIo } from '../../base/command-io.ts';
import { OperationError } from '../../base/errors.ts';
import { writeAll } from '../../base/write-all.ts';
import { type HeldFile, holdFile } from '../../host/held-file.ts';
import { type ProcessContext, stateOf } from './context.ts';

const lookEveryMs = 100;
const partBytes = 64 * 1024;

/**
 * Gives what the container writes from now on, both of its outputs in one: they go to its log, and only there. There is
 * nothing to type into. 0 when it was removed before its exit code was seen. Throws OperationError when it does not run.
 */
export async function attachToLog(context: ProcessContext, id: string, io: CommandIo): Promise<number> {
  const record = await context.memory.record(id);
  if (record === undefined || (await stateOf(context, record)).is !== 'running') {
    throw new OperationError(`container ${record?.config.name ?? id} is not running`);
  }
  // Read and forgotten, so that the client is not held up.
  io.stdin?.resume();
  const path = record.config.logPath;
  const log = holdFile(path);
  try {
    return await copyToEnd(context, { id, path, log }, io);
  } finally {
    await log.close();
  }
}

type Attached = { readonly id: string; readonly path: string; readonly log: HeldFile };

async function copyToEnd(context: ProcessContext, { id, path, log }: Attached, io: CommandIo): Promise<number> {
  let offset = (await log.readPart(path, 0, 0))?.size ?? 0;
  while (!io.signal.aborted) {
    // Asked before the rest of the log is read: what it wrote last is then in there.
    const record = await context.memory.record(id);
    const state = record && (await stateOf(context, record));
    offset = await copyFrom(log, { path, offset }, io);
    if (state === undefined) return 0;
    if (state.is === 'exited') return state.exitCode;
    await sleep(context.clock, lookEveryMs, io.signal);
  }
  return 0;
}

async function copyFrom(
  log: HeldFile,
  at: { readonly path: string; readonly offset: number },
  io: CommandIo,
): Promise<number> {
  let { offset } = at;
  while (!io.signal.aborted) {
    const part = await log.readPart(at.path, offset, partBytes);
    if (part === undefined) return 0;
    // Rotated: copied and emptied.
    if (part.size < offset) offset = 0;
    else if (part.data.length === 0) return offset;
    else {
      await writeAll(io.stdout ?? io.stderr, part.data);
      offset += part.data.length;
    }
  }
  return offset;
}
