import { lookTimeoutMs } from './client.ts';
import type { CriContext } from './context.ts';

type MoveContext = Pick<CriContext, 'client'> & { readonly host: Pick<CriContext['host'], 'rename' | 'stat'> };

/**
 * The runtime writes the log: it is renamed, and the runtime told to begin a new one. Where it does not, the log gets its
 * name back, as with the kubelet (container_log_manager.go, rotateLatestLog).
 */
export async function moveLog(
  { client, host }: MoveContext,
  { id, path }: { readonly id: string; readonly path: string },
  to: string,
): Promise<void> {
  await host.rename(path, to);
  try {
    const what = `cannot begin a new log for container ${id.slice(0, 12)}`;
    await client.call('ReopenContainerLog', { containerId: id }, { what, timeoutMs: lookTimeoutMs });
  } catch (thrown) {
    if ((await host.stat(path)) === undefined) await host.rename(to, path);
    throw thrown;
  }
}
