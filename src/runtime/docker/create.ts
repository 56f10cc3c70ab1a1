import type Docker from 'dockerode';
import { labels } from '../labels.ts';
import type { DockerClient } from './client.ts';
import { DockerError, hasStatus } from './docker-error.ts';
import type { ContainerSpec } from './specs.ts';

export type Created = {
  readonly id: string;
  readonly name: string;
  readonly state: string;
};

type CreateContext = {
  readonly owner: string;
  readonly randomHex: () => string;
  readonly warn: (message: string) => void;
};

/**
 * Makes the container, or takes the one of this name when it is ours. Where the name is somebody else's, who is left
 * alone, or Docker holds it for a container that is no more (moby#37442), the name gets a random suffix, as cri-dockerd
 * gives it (core/naming.go, randomizeName).
 */
export async function createOrAdopt(
  client: DockerClient,
  spec: ContainerSpec,
  context: CreateContext,
): Promise<Created> {
  try {
    return await create(client, spec, spec.name);
  } catch (thrown) {
    if (!hasStatus(thrown, 409)) throw thrown;
    const holder = await inspectByName(client, spec.name);
    if (holder?.Config.Labels?.[labels.owner] === context.owner) return adopt(client, spec, holder);
    if (holder !== undefined) context.warn(foreignHolder(spec.name, holder));
    else if (!(await isGhost(client, thrown))) throw thrown;
    return create(client, spec, `${spec.name}_${context.randomHex()}`);
  }
}

async function create(client: DockerClient, spec: ContainerSpec, name: string): Promise<Created> {
  const options = { ...spec.body, HostConfig: spec.hostConfig, name };
  const made = await client.call(`cannot create ${name}`, (docker, abortSignal) =>
    docker.createContainer({ ...options, abortSignal }),
  );
  return { id: made.id, name, state: 'created' };
}

/** One that Docker failed to remove is in the way until it can be. */
async function adopt(client: DockerClient, { name }: ContainerSpec, holder: Docker.ContainerInspectInfo) {
  const { Id: id, State } = holder;
  if (State.Status !== 'dead' && State.Status !== 'removing') return { id, name, state: State.Status };
  await client.call(`cannot remove what is left of ${name}`, (docker, abortSignal) =>
    docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
  );
  throw new DockerError(`${name} was only half removed; now it is gone`);
}

function foreignHolder(name: string, { Id, Config }: Docker.ContainerInspectInfo): string {
  const owner = Config.Labels?.[labels.owner];
  const whose = owner === undefined ? 'nobody that we know' : `another root directory (owner ${owner})`;
  return `container ${Id.slice(0, 12)} has the name ${name} and belongs to ${whose}: it is left alone, ours gets a suffix`;
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
