import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { createKubeClient } from '../../kube/client.ts';
import { readClusterAccess } from '../../kubeconfig/read-access.ts';
import { gatherObjects, type ObjectsInput, switchedOn } from '../../rollout/objects/gather-objects.ts';
import type { ObjectFacts } from '../../rollout/objects/plan-object-changes.ts';
import { wantedObjects } from '../../rollout/objects/wanted-objects.ts';
import type { PlanSource } from './plan.ts';
import { withPatches } from './plan-input.ts';

/** An API server that takes longer is not there for a plan. */
const answersWithinMs = 3_000;

export type PlannedObjects = { readonly input: ObjectsInput | undefined; readonly facts: ObjectFacts | undefined };

/** What a configuration wants in the cluster, beside what is there. Nothing is known of it where admin.conf is missing. */
export async function plannedObjects(host: Host, paths: Paths, source: PlanSource): Promise<PlannedObjects> {
  const { config, former, patchesDirectory, templatesDirectory } = source.input;
  const patched = withPatches(config, patchesDirectory);
  const wanted = source.objects ?? (await wantedObjects(host, { config: patched, paths, templatesDirectory }));
  if (wanted === undefined) return { input: undefined, facts: undefined };
  const input = { wanted, switchedOn: switchedOn(config, former) };
  const open = async () =>
    createKubeClient(host, await readClusterAccess(host, paths.adminConf), { timeoutMs: answersWithinMs });
  const facts = await gatherObjects(open, input, source.lastGood);
  return { input: { ...input, plans: facts.plans }, facts };
}
