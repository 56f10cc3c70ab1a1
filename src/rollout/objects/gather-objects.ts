import { messageOf } from '../../base/errors.ts';
import { type ObjectPlan, planObjects } from '../../cluster/plan-objects.ts';
import { noneOf } from '../../cluster/standing-objects.ts';
import type { ClusterPhase, WantedObject } from '../../cluster/wanted-object.ts';
import type { Config } from '../../config/types.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { LastGood } from '../revisions/revisions.ts';
import type { ObjectFacts } from './plan-object-changes.ts';

/** What of the configuration is in the cluster, and since when it is wanted there. */
export type ObjectsInput = {
  /** What the configuration wants. */
  readonly wanted: readonly WantedObject[];
  /** Phases that the former configuration had switched off. */
  readonly switchedOn: readonly ClusterPhase[];
  /** What applying them would do, as the plan has found it; the API server is asked where that is not known. */
  readonly plans?: readonly ObjectPlan[] | undefined;
};

const switchable: readonly ClusterPhase[] = ['addon/coredns', 'addon/kube-proxy'];

/** The addons that this configuration wants and the former did not. */
export function switchedOn(config: Config, former: Config | undefined): readonly ClusterPhase[] {
  if (former === undefined) return [];
  return switchable.filter((phase) => noneOf(phase, former) !== undefined && noneOf(phase, config) === undefined);
}

/** Asks the API server once what applying would change. Changes nothing; that it does not answer is a fact as well. */
export async function gatherObjects(
  open: () => Promise<KubeClient>,
  { wanted, switchedOn }: ObjectsInput,
  lastGood: Pick<LastGood, 'number' | 'objects'> | undefined,
): Promise<ObjectFacts> {
  const before = lastGood?.objects === undefined ? undefined : { number: lastGood.number, objects: lastGood.objects };
  const known = { switchedOn, lastGood: before };
  try {
    return { ...known, plans: await planObjects(await open(), wanted) };
  } catch (thrown) {
    return { ...known, plans: undefined, problem: messageOf(thrown) };
  }
}
