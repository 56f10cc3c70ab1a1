import { messageOf } from '../../base/errors.ts';
import type { DockerClient } from './client.ts';
import { type Created, createOrAdopt } from './create.ts';
import { hasStatus } from './docker-error.ts';
import type { Niceties, NicetyName } from './niceties.ts';
import type { ContainerSpec } from './specs.ts';

export type StartContext = {
  readonly client: DockerClient;
  readonly owner: string;
  readonly randomHex: () => string;
  readonly niceties: Niceties;
  readonly warn: (message: string) => void;
};

/**
 * Creates and starts; one that is there already is taken as it is, and started only if it never was. A failure that
 * may be for want of a nicety is tried again without it, at most once for each.
 */
export async function createAndStart(context: StartContext, spec: ContainerSpec): Promise<string> {
  const suspects: NicetyName[] = [];
  for (;;) {
    const hostConfig = context.niceties.fit(spec.hostConfig, suspects);
    let made: Created | undefined;
    try {
      made = await createOrAdopt(context.client, { ...spec, hostConfig }, context);
      if (made.state === 'created') await start(context, made);
      context.niceties.learn(spec.hostConfig, hostConfig);
      return made.id;
    } catch (thrown) {
      const suspect = context.niceties.suspect(hostConfig, messageOf(thrown));
      if (suspect === undefined) throw thrown;
      suspects.push(suspect);
      if (made !== undefined) await removeFailed(context, made);
    }
  }
}

/** Docker answers 304 when somebody else started it meanwhile. */
async function start({ client }: StartContext, { id, name }: Created): Promise<void> {
  const started = client.call(`cannot start ${name}`, (docker, abortSignal) =>
    docker.getContainer(id).start({ abortSignal }),
  );
  await started.catch((thrown: unknown) => {
    if (!hasStatus(thrown, 304)) throw thrown;
  });
}

/** Without force: what runs is not what failed. */
async function removeFailed({ client }: StartContext, { id, name }: Created): Promise<void> {
  try {
    await client.call(`cannot remove ${name}`, (docker, abortSignal) =>
      docker.getContainer(id).remove({ abortSignal }),
    );
  } catch (thrown) {
    if (!hasStatus(thrown, 404)) throw thrown;
  }
}
