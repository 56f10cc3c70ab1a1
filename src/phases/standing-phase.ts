import { applyObjects } from '../cluster/apply-objects.ts';
import type { ObjectPlan } from '../cluster/plan-objects.ts';
import { noneOf, readAddonInput, readStandingInput, standingObjects } from '../cluster/standing-objects.ts';
import { type ClusterPhase, objectTitle, type WantedObject } from '../cluster/wanted-object.ts';
import type { KubeClient } from '../kube/client.ts';
import { limits, openCluster } from './cluster-client.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

/** A phase, or a subphase, that applies the objects which follow from the configuration. */
export function standingPhase(path: ClusterPhase, summary: string): Phase<InitContext> {
  return {
    name: path.split('/').at(-1) ?? path,
    summary,
    run: async (context) => {
      const none = noneOf(path, context.config);
      if (none !== undefined) return context.report.item({ item: path, action: 'skip', because: none });
      await applyStanding(context, await openCluster(context), [path]);
    },
  };
}

/** Applies the objects of these phases and reports them in their order. */
export async function applyStanding(
  context: InitContext,
  client: KubeClient,
  phases: readonly ClusterPhase[],
): Promise<void> {
  const done = await (context.applied ?? applyAll(context, client, phases));
  for (const one of done.filter(({ wanted }) => phases.includes(wanted.phase))) reportObject(context, one);
}

async function applyAll(
  context: InitContext,
  client: KubeClient,
  phases: readonly ClusterPhase[],
): Promise<readonly ObjectPlan[]> {
  const wanted = await standingOf(context);
  return applyObjects(
    client,
    wanted.filter(({ phase }) => phases.includes(phase)),
    limits(context),
  );
}

/** Reads what they depend on and makes them all; needs no API server. */
export async function standingOf({
  host,
  config,
  paths,
  templatesDirectory,
}: InitContext): Promise<readonly WantedObject[]> {
  return standingObjects(await readStandingInput(host, { config, paths, templatesDirectory }));
}

/** Makes them once for nothing, so that a mistake in a template or a patch is refused before anything is touched. */
export async function refuseMistakes({ host, config, paths, templatesDirectory }: InitContext): Promise<void> {
  const input = await readAddonInput(host, { config, paths, templatesDirectory });
  await standingObjects({ ...input, entry: { server: '', ca: '' } });
}

export function reportObject({ report }: Pick<InitContext, 'report'>, { wanted, action, because }: ObjectPlan): void {
  report.item({ item: objectTitle(wanted.object), action, because });
}
