import { messageOf } from '../../base/errors.ts';
import type { DockerClient } from './client.ts';
import { createOrAdopt } from './create.ts';
import { hasStatus } from './docker-error.ts';
import type { Niceties, NicetyName } from './niceties.ts';
import type { ContainerSpec } from './specs.ts';

export type StartContext = {
  readonly client: DockerClient;
  readonly owner: string;
  readonly randomHex: () => string;
  readonly niceties: Niceties;
};

/**
 * Creates and starts; one that is there already is taken as it is, and started only if it never was. A failure that
 * may be for want of a nicety is tried again without it, at most once for each.
 */
export async function createAndStart(context: StartContext, spec: ContainerSpec): Promise<string> {
  const suspects: NicetyName[] = [];
  for (;;) {
    const hostConfig = context.niceties.fit(spec.hostConfig, suspects);
    try {
      const id = await startOnce(context, { ...spec, hostConfig });
      context.niceties.learn(spec.hostConfig, hostConfig);
      return id;
    } catch (thrown) {
      const suspect = context.niceties.suspect(hostConfig, messageOf(thrown));
      if (suspect === undefined) throw thrown;
      suspects.push(suspect);
      await removeFailed(context, spec.name);
    }
  }
}

async function startOnce(context: StartContext, spec: ContainerSpec): Promise<string> {
  const created = await createOrAdopt(context.client, spec, context);
  if (created.state === 'created') {
    await context.client.call(`cannot start ${spec.name}`, (docker, abortSignal) =>
      docker.getContainer(created.id).start({ abortSignal }),
    );
  }
  return created.id;
}

/** Without force: what runs is not what failed. */
async function removeFailed({ client }: StartContext, name: string): Promise<void> {
  try {
    await client.call(`cannot remove ${name}`, (docker, abortSignal) =>
      docker.getContainer(name).remove({ abortSignal }),
    );
  } catch (thrown) {
    if (!hasStatus(thrown, 404)) throw thrown;
  }
}
