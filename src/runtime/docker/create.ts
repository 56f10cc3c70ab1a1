import type Docker from 'dockerode';
import { labels } from '../labels.ts';
import type { DockerClient } from './client.ts';
import { DockerError, hasStatus } from './docker-error.ts';
import type { ContainerSpec } from './specs.ts';

export type Created = {
  readonly id: string;
  /** It was there already, of ours. */
  readonly adopted: boolean;
  readonly state: string;
};

/**
 * Makes the container, or takes the one of this name when it is ours. A name that Docker holds for a container that is
 * no more (moby#37442) gets a random suffix, as cri-dockerd does (core/naming.go, randomizeName).
 */
export async function createOrAdopt(
  client: DockerClient,
  spec: ContainerSpec,
  context: { readonly owner: string; readonly randomHex: () => string },
): Promise<Created> {
  try {
    return await create(client, spec, spec.name);
  } catch (thrown) {
    if (!hasStatus(thrown, 409)) throw thrown;
    const holder = await inspectByName(client, spec.name);
    if (holder !== undefined) return adopt(spec, holder, context.owner);
    if (!(await isGhost(client, thrown))) throw thrown;
    return create(client, spec, `${spec.name}_${context.randomHex()}`);
  }
}

async function create(client: DockerClient, spec: ContainerSpec, name: string): Promise<Created> {
  const options = { ...spec.body, HostConfig: spec.hostConfig, name };
  const made = await client.call(`cannot create ${name}`, (docker, abortSignal) =>
    docker.createContainer({ ...options, abortSignal }),
  );
  return { id: made.id, adopted: false, state: 'created' };
}

function adopt(spec: ContainerSpec, holder: Docker.ContainerInspectInfo, owner: string): Created {
  const holderOwner = holder.Config.Labels?.[labels.owner];
  if (holderOwner === owner) return { id: holder.Id, adopted: true, state: holder.State.Status };
  const whose = holderOwner === undefined ? 'nobody that we know' : `another root directory (owner ${holderOwner})`;
  throw new DockerError(
    `cannot create ${spec.name}: container ${holder.Id.slice(0, 12)} has this name and belongs to ${whose}`,
    { status: 409, hint: `if nothing needs it any more, remove it: docker rm -f ${holder.Id.slice(0, 12)}` },
  );
}

async function inspectByName(client: DockerClient, name: string): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await client.call(`cannot look at ${name}`, (docker, abortSignal) =>
      docker.getContainer(name).inspect({ abortSignal }),
    );
  } catch (thrown) {
    if (hasStatus(thrown, 404)) return undefined;
    throw thrown;
  }
}

/** Whether removing the container that holds the name fails with "no such container". */
async function isGhost(client: DockerClient, conflict: unknown): Promise<boolean> {
  const id = /in use by container "?([0-9a-f]+)"?/.exec(conflict instanceof Error ? conflict.message : '')?.[1];
  if (id === undefined) return false;
  try {
    await client.call(`cannot look at ${id}`, (docker, abortSignal) =>
      docker.getContainer(id).inspect({ abortSignal }),
    );
    return false;
  } catch (thrown) {
    if (hasStatus(thrown, 404)) return true;
    throw thrown;
  }
}
