import type Docker from 'dockerode';
import type { HostFiles } from '../../host/host.ts';
import { type DockerClient, lookTimeoutMs } from './client.ts';
import { hasStatus } from './docker-error.ts';
import { dockerLabels } from './identity.ts';
import { unlinkLog } from './log-links.ts';

/** Added to a grace period, before Docker counts as hung. */
const stopSlackMs = 120_000;

/** Stop signal, then SIGKILL after the grace period; one that has stopped or is gone is fine. */
export async function stopContainer(client: DockerClient, id: string, graceSeconds: number): Promise<void> {
  const stop = client.call(
    `cannot stop container ${id.slice(0, 12)}`,
    (docker, abortSignal) => docker.getContainer(id).stop({ t: graceSeconds, abortSignal }),
    { timeoutMs: graceSeconds * 1000 + stopSlackMs },
  );
  // Docker answers 304 when already stopped, 404 when gone.
  await stop.catch(unless(304, 404));
}

/**
 * Removes a container, running or not, and the link to its log; one that is gone is fine. Returns the parent of its
 * control group, '' when it had none.
 */
export async function removeContainer(
  client: DockerClient,
  files: Pick<HostFiles, 'readLink' | 'remove'>,
  id: string,
): Promise<string> {
  const { logPath, cgroupParent } = await tracesOf(client, id);
  const remove = client.call(`cannot remove container ${id.slice(0, 12)}`, (docker, abortSignal) =>
    docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
  );
  // Docker answers 409 while another removal goes on.
  await remove.catch(unless(404, 409));
  await unlinkLog(files, logPath, id).catch(() => {});
  return cgroupParent;
}

/** Everything that Docker tells of a container. */
export function inspectContainer(client: DockerClient, id: string): Promise<Docker.ContainerInspectInfo> {
  return client.call(
    `cannot look at container ${id.slice(0, 12)}`,
    (docker, abortSignal) => docker.getContainer(id).inspect({ abortSignal }),
    { timeoutMs: lookTimeoutMs },
  );
}

async function tracesOf(client: DockerClient, id: string): Promise<{ logPath: string; cgroupParent: string }> {
  try {
    const { Config, HostConfig } = await inspectContainer(client, id);
    const logPath = Config.Labels?.[dockerLabels.logPath] ?? '';
    return { logPath, cgroupParent: HostConfig?.CgroupParent ?? '' };
  } catch (thrown) {
    unless(404)(thrown);
    return { logPath: '', cgroupParent: '' };
  }
}

/** Rethrows all but these answers of Docker. */
function unless(...statuses: readonly number[]): (thrown: unknown) => void {
  return (thrown) => {
    if (!hasStatus(thrown, ...statuses)) throw thrown;
  };
}
