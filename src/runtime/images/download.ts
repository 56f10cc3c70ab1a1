import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf, OperationError } from '../../base/errors.ts';
import type { Descriptor } from './manifest.ts';
import { type Registry, verifyDigest } from './registry.ts';

/** A connection on which nothing comes for so long is given up and begun again. */
const stallMs = 30_000;
const attempts = 4;
const pauseMs = 500;

type Download = {
  readonly registry: Pick<Registry, 'blob'>;
  readonly clock: Clock;
  readonly blob: Pick<Descriptor, 'digest' | 'size'>;
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
};

type Progress = { readonly file: FileHandle; hash: Hash; received: number };

/**
 * Fetches a blob into a new file and verifies it; a connection that breaks is taken up where it broke. Throws
 * OperationError when it stays broken, or when what came is not what was asked for.
 */
export async function downloadBlob(path: string, download: Download): Promise<void> {
  const { blob, clock, signal } = download;
  const progress: Progress = { file: await open(path, 'wx', 0o600), hash: createHash('sha256'), received: 0 };
  try {
    for (let attempt = 1; ; attempt++) {
      const failure = await receive(progress, download);
      if (failure === undefined) break;
      signal.throwIfAborted();
      if (attempt >= attempts || failure instanceof OperationError) {
        throw new OperationError(`blob ${blob.digest}: ${messageOf(failure)} after ${progress.received} bytes`, {
          cause: failure,
        });
      }
      await sleep(clock, pauseMs * attempt, signal);
    }
    verifyDigest(`blob ${blob.digest}`, `sha256:${progress.hash.digest('hex')}`, blob.digest);
  } finally {
    await progress.file.close();
  }
}

/** One connection's worth; gives what broke it, undefined when the blob is whole. */
async function receive(progress: Progress, { registry, clock, blob, onBytes, signal }: Download): Promise<unknown> {
  const stalled = new AbortController();
  let cancelStall = () => {};
  const watchStall = () => {
    cancelStall();
    cancelStall = clock.after(stallMs, () => stalled.abort(new Error(`nothing came for ${stallMs / 1000} s`)));
  };
  try {
    watchStall();
    const response = await registry.blob(blob.digest, progress.received, AbortSignal.any([stalled.signal, signal]));
    if (response.status !== 206 && progress.received > 0) await restart(progress, onBytes);
    for await (const piece of response.body) {
      watchStall();
      progress.hash.update(piece);
      await progress.file.write(piece, 0, piece.length, progress.received);
      progress.received += piece.length;
      onBytes(piece.length);
      if (progress.received > blob.size) throw new OperationError(`more than the ${blob.size} bytes it should have`);
    }
    return progress.received === blob.size ? undefined : new Error('the connection ended early');
  } catch (thrown) {
    return thrown;
  } finally {
    cancelStall();
  }
}

/** The registry begins at the first byte again, whatever it was asked. */
async function restart(progress: Progress, onBytes: (count: number) => void): Promise<void> {
  onBytes(-progress.received);
  await progress.file.truncate(0);
  progress.hash = createHash('sha256');
  progress.received = 0;
}
