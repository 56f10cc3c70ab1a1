import type { Host } from '../../host/host.ts';
import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer, ObservedPod } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { AgentPaths } from '../home/paths.ts';
import { podPaths } from '../home/pod-paths.ts';
import { lastLogLines } from '../logs/last-lines.ts';
import type { PodRecord } from '../pod-record.ts';

/** What the kubelet takes at most (pkg/kubelet/kuberuntime, MaxContainerTerminationMessageLength and …LogLength/Lines). */
const longestMessage = 4096;
const longestLog = { lines: 80, bytes: 2048 };

/** Reads the last words of the containers that have ended since the last look: their file, else the end of their log. */
export async function readTerminationMessages(
  { host, paths }: { readonly host: Pick<Host, 'readPart' | 'readFile'>; readonly paths: AgentPaths },
  record: PodRecord,
  desired: DesiredPod | undefined,
  observed: readonly ObservedPod[],
): Promise<void> {
  const containers = observed.flatMap((pod) => pod.containers);
  const known = record.terminationMessages;
  for (const id of known.keys()) if (!containers.some((container) => container.id === id)) known.delete(id);
  if (desired === undefined) return;
  for (const container of containers) {
    if (container.state !== 'exited' || known.has(container.id)) continue;
    known.set(container.id, await messageOf(host, paths, container));
  }
}

async function messageOf(
  host: Pick<Host, 'readPart' | 'readFile'>,
  paths: AgentPaths,
  container: ObservedContainer,
): Promise<string> {
  const file = podPaths(paths, container.pod).terminationLog(container.name, container.attempt);
  // The container writes it: it may be of any size.
  const written = await host.readPart(file, 0, longestMessage).catch(() => undefined);
  if (written !== undefined && written.data.length > 0) return Buffer.from(written.data).toString();
  const fallsBack = container.annotations[annotations.terminationMessagePolicy] === 'FallbackToLogsOnError';
  if (!fallsBack || container.exitCode === 0) return '';
  const text = (await lastLogLines(host, container.logPath, longestLog.lines)).join('\n');
  return Buffer.from(text).subarray(-longestLog.bytes).toString();
}
