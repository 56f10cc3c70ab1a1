import { sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { readManifests } from '../../health/manifest-files.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import type { ComponentSwap, RolloutContext } from './context.ts';

type LeaseContext = Pick<RolloutContext, 'host' | 'paths' | 'clock' | 'signal' | 'kube' | 'log' | 'agent'>;

/** What of a coordination.k8s.io/v1 Lease is read. */
type Lease = {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: { readonly holderIdentity?: string };
};

/** The instance that is replaced, and the Lease that it holds. */
type Leader = {
  readonly client: KubeClient;
  readonly path: string;
  readonly identity: string;
  readonly containers: readonly string[];
};

const pollEveryMs = 40;
/** Longer than its grace period of 30 s nobody takes to end. */
const exitWithinMs = 40_000;
const answerWithinMs = 2_000;

/**
 * Swaps a component of which only the leader acts, and frees the Lease of the old instance as soon as it has exited, so
 * that the new one need not wait for its end (kube-controller-manager does not release it by itself, kube-scheduler does
 * unless it is killed). Throws only what the swap throws: without this the new leader acts some seconds later.
 */
export async function swapLeader(context: LeaseContext, swap: ComponentSwap): Promise<void> {
  const leader = await leaderHere(context, swap).catch((thrown: unknown) => note(context, swap, thrown));
  await swap.swap();
  if (leader === undefined) return;
  try {
    if (await exited(context, leader)) await freeLease(leader);
  } catch (thrown) {
    note(context, swap, thrown);
  }
}

function note({ log }: LeaseContext, { component }: ComponentSwap, thrown: unknown): undefined {
  log.warn(`the Lease of ${component} was not freed, the new leader waits for its end: ${messageOf(thrown)}`);
  return undefined;
}

/**
 * The instance on this machine, when it is the leader. A holder is called HOSTNAME_UUID (client-go's components make it
 * at their start), and of one component only one instance runs here: whoever holds the Lease under this host name while
 * that instance runs is it, and the whole name, with the uuid, is what is compared later.
 */
async function leaderHere(context: LeaseContext, swap: ComponentSwap): Promise<Leader | undefined> {
  const { host, paths, kube, signal } = context;
  const manifest = (await readManifests(host, paths)).find(({ component }) => component === swap.component);
  if (manifest === undefined || manifest.flags['leader-elect'] === 'false') return undefined;
  const namespace = manifest.flags['leader-elect-resource-namespace'] ?? 'kube-system';
  const name = manifest.flags['leader-elect-resource-name'] ?? swap.component;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  const [client, status] = await Promise.all([
    kube(paths.adminConf, { signal, timeoutMs: answerWithinMs }),
    context.agent.status(),
  ]);
  const pod = status?.pods.find(({ file }) => file === manifest.file)?.pod;
  const containers = (pod?.status?.containerStatuses ?? []).flatMap(({ state, containerID }) =>
    state.running === undefined || containerID === undefined ? [] : [containerID],
  );
  if (containers.length === 0) return undefined;
  const identity = (await client.get<Lease>(path))?.spec?.holderIdentity ?? '';
  return identity.startsWith(`${host.hostname()}_`) ? { client, path, identity, containers } : undefined;
}

/** Waits until none of the old containers runs. False when that does not come about. */
async function exited({ agent, clock, signal }: LeaseContext, { containers }: Leader): Promise<boolean> {
  const giveUpAt = clock.ticks() + exitWithinMs;
  while (!signal.aborted && clock.ticks() < giveUpAt) {
    const status = await agent.status();
    if (status === undefined) return false;
    const running = status.pods.flatMap(({ pod }) =>
      (pod.status?.containerStatuses ?? []).filter(({ state }) => state.running !== undefined),
    );
    if (!running.some(({ containerID = '' }) => containers.includes(containerID))) return true;
    await sleep(clock, pollEveryMs, signal);
  }
  return false;
}

/**
 * Takes the name of the instance that is gone off the Lease. Whoever has written to it since keeps it: the name must
 * still be the same, and the API server refuses the change when the object is not the one that was read (409).
 */
async function freeLease({ client, path, identity }: Leader): Promise<void> {
  const lease = await client.get<Lease>(path);
  if (lease?.spec?.holderIdentity !== identity) return;
  const { resourceVersion } = lease.metadata;
  try {
    await client.patch(path, { metadata: { resourceVersion }, spec: { holderIdentity: '' } });
  } catch (thrown) {
    // Somebody has just written to it: the one who leaves, to release it, or the next leader.
    if (!(thrown instanceof ApiStatusError && thrown.status === 409)) throw thrown;
  }
}
