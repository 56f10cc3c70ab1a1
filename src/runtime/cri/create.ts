import { OperationError } from '../../base/errors.ts';
import { labels } from '../labels.ts';
import type { ContainerConfig, SandboxConfig } from '../runtime.ts';
import { type CriClient, defaultTimeoutMs } from './client.ts';
import { containerRequest, type RequestFacts } from './container-request.ts';
import { hasStatus, status } from './cri-error.ts';
import { listContainers, listSandboxes, named } from './observe.ts';
import { sandboxRequest } from './sandbox-request.ts';

/** The kubelet gives a sandbox twice the time of other requests (k8s.io/cri-client remote_runtime.go). */
const sandboxTimeoutMs = 2 * defaultTimeoutMs;

/**
 * Makes and starts a sandbox, or takes the one of this name and attempt when it is ours and ready. One that is not is
 * in the way: it is removed, for the next try.
 */
export async function createSandbox(client: CriClient, config: SandboxConfig, owner: string): Promise<string> {
  const what = `cannot create the sandbox of ${config.pod.namespace}/${config.pod.name}`;
  try {
    const request = { config: sandboxRequest(config, owner) };
    return (await client.call('RunPodSandbox', request, { what, timeoutMs: sandboxTimeoutMs })).podSandboxId;
  } catch (thrown) {
    if (!isReserved(thrown)) throw thrown;
    const { pod, attempt } = config;
    const holder = (await listSandboxes(client, { labelSelector: named(pod) })).find(
      ({ metadata }) => metadata?.uid === pod.uid && metadata.attempt === attempt,
    );
    if (holder === undefined) throw thrown;
    if (holder.labels[labels.owner] !== owner) throw foreignHolder(what, holder);
    if (holder.state === 'SANDBOX_READY') return holder.id;
    await client.call('RemovePodSandbox', { podSandboxId: holder.id }, { what });
    throw new OperationError(`${what}: one of the same attempt was left half made; now it is gone`);
  }
}

/** Makes and starts a container; one of this name and attempt is taken as it is, and started only if it never was. */
export async function startContainer(
  client: CriClient,
  place: { readonly sandboxId: string; readonly sandbox: SandboxConfig; readonly config: ContainerConfig },
  facts: RequestFacts,
): Promise<string> {
  const { sandbox, config } = place;
  const { id, isNew } = await createOrAdopt(client, place, facts);
  const what = `cannot start container ${config.name} of ${sandbox.pod.namespace}/${sandbox.pod.name}`;
  if (isNew) await client.call('StartContainer', { containerId: id }, { what });
  return id;
}

async function createOrAdopt(
  client: CriClient,
  { sandboxId, sandbox, config }: Parameters<typeof startContainer>[1],
  facts: RequestFacts,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const what = `cannot create container ${config.name} of ${sandbox.pod.namespace}/${sandbox.pod.name}`;
  const request = {
    podSandboxId: sandboxId,
    config: containerRequest(sandbox, config, facts),
    sandboxConfig: sandboxRequest(sandbox, facts.owner),
  };
  try {
    return { id: (await client.call('CreateContainer', request, { what })).containerId, isNew: true };
  } catch (thrown) {
    if (!isReserved(thrown)) throw thrown;
    const labelSelector = { ...named(sandbox.pod), [labels.containerName]: config.name };
    const holder = (await listContainers(client, { labelSelector })).find(
      (one) => one.labels[labels.podUid] === sandbox.pod.uid && one.metadata?.attempt === config.attempt,
    );
    if (holder === undefined) throw thrown;
    if (holder.labels[labels.owner] !== facts.owner) throw foreignHolder(what, holder);
    return { id: holder.id, isNew: holder.state === 'CONTAINER_CREATED' };
  }
}

/** containerd says `name "…" is reserved for "<id>"`, CRI-O that and `… already exists`; newer ones with the code for it. */
function isReserved(thrown: unknown): boolean {
  return (
    hasStatus(thrown, status.alreadyExists) ||
    (thrown instanceof Error && /is reserved|already exists/.test(thrown.message))
  );
}

function foreignHolder(
  what: string,
  { id, labels: all }: { readonly id: string; readonly labels: Readonly<Record<string, string>> },
): OperationError {
  const owner = all[labels.owner];
  const whose = owner === undefined ? 'nobody that we know' : `another root directory (owner ${owner})`;
  return new OperationError(`${what}: ${id.slice(0, 13)} has the same name and belongs to ${whose}; it is left alone`);
}
