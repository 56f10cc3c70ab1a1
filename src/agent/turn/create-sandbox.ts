import { lacksClusterDns } from '../containers/dns.ts';
import type { PodContext } from '../containers/pod-context.ts';
import { sandboxConfig } from '../containers/sandbox-config.ts';
import { prepareVolumes } from '../volumes/prepare-volumes.ts';
import { step } from './apply-errors.ts';
import { makeLogDirectory } from './log-directory.ts';
import type { StartDoors } from './start-container.ts';

/** A sandbox that stands. */
export type Sandbox = { readonly id: string; readonly attempt: number; readonly ips: readonly string[] };

/** Makes a pod's directories, volumes and sandbox. Throws StartError with the kubelet's reason. */
export async function createSandbox(doors: StartDoors, context: PodContext, attempt: number): Promise<Sandbox> {
  const { host, runtime, log } = doors;
  const { pod } = context.desired;
  const { name, namespace } = pod.metadata;
  if (lacksClusterDns(pod, context.dns)) {
    log.warn(`${namespace}/${name}: dnsPolicy ${pod.spec.dnsPolicy} falls back to Default, there is no clusterDNS`);
  }
  void warnOfOthers(doors, { name, namespace });
  await step('FailedMount', async () => {
    await host.makeDirectory(context.paths.dir, { mode: 0o750 });
    await makeLogDirectory(doors, context.paths.logDir);
    await prepareVolumes(doors, context);
  });
  return step('FailedCreatePodSandBox', async () => {
    await sandboxImage(doors, context);
    const id = await runtime.createSandbox(await sandboxConfig(host, context, attempt));
    log.verbose(1, `${namespace}/${name}: sandbox ${id}`);
    return { id, attempt, ips: pod.spec.hostNetwork ? [] : await ipsOf(doors, { name, namespace }, id) };
  });
}

async function sandboxImage({ images }: StartDoors, { desired, sandboxImage: image, hasMounts, former }: PodContext) {
  // Where pods only stay, theirs is there already.
  if (!hasMounts || former !== undefined) return;
  await images.get(desired.uid, { image, imagePullPolicy: 'IfNotPresent' });
}

/** Nothing waits for this. */
async function warnOfOthers(
  { runtime, log, takeover }: StartDoors,
  pod: { readonly namespace: string; readonly name: string },
): Promise<void> {
  // Whoever has it too is just being replaced.
  if (takeover?.isOver === false) return;
  const others = await runtime.foreignPods(pod).catch((): readonly string[] => []);
  if (others.length === 0) return;
  log.warn(`${pod.namespace}/${pod.name} exists for somebody else too, which is left alone: ${others.join(', ')}`);
}

async function ipsOf(
  { runtime }: StartDoors,
  pod: { readonly namespace: string; readonly name: string },
  sandboxId: string,
): Promise<readonly string[]> {
  const observed = await runtime.observePods(pod);
  return observed.flatMap(({ sandboxes }) => sandboxes).find(({ id }) => id === sandboxId)?.ips ?? [];
}
