import type { ObjectPlan } from '../../cluster/plan-objects.ts';
import { type ClusterPhase, objectPath, objectTitle, type WantedObject } from '../../cluster/wanted-object.ts';
import { usualReason } from '../plan/plan-component.ts';
import type { Change } from '../types.ts';
import { fieldsOf, objectFields } from './object-fields.ts';

/** The objects in the cluster as a plan compares them. */
export type ObjectFacts = {
  /** What applying would do to each; undefined when the API server could not be asked. */
  readonly plans: readonly ObjectPlan[] | undefined;
  /** Why it could not. */
  readonly problem?: string | undefined;
  /** As the last good revision wanted them; undefined when it keeps none. */
  readonly lastGood: { readonly number: number; readonly objects: readonly WantedObject[] } | undefined;
  /** Phases that the former configuration had switched off. */
  readonly switchedOn: readonly ClusterPhase[];
};

export type ObjectChanges = { readonly changes: readonly Change[]; readonly notes: readonly string[] };

/** What of the cluster's objects is not as the configuration says, field by field, with what most likely happened. */
export function planObjectChanges({ plans, problem, lastGood, switchedOn }: ObjectFacts): ObjectChanges {
  if (plans === undefined) {
    return { changes: [], notes: [`the objects in the cluster could not be compared: ${problem ?? 'no answer'}`] };
  }
  const left = phasesLeft(plans, switchedOn);
  const wanted = plans.filter((plan) => plan.action !== 'keep' && !left.includes(plan.wanted.phase));
  return {
    changes: wanted.flatMap((plan) => changesOf(plan, lastGood)),
    notes: left.map(
      (phase) =>
        `the cluster has nothing of ${phase}: left so; bootstrap init phase ${phase.replace('/', ' ')} makes it`,
    ),
  };
}

/**
 * Phases that nobody wants here: of those whose objects are all missing it is most likely that `init` was told to skip
 * them, unless the configuration has just switched them on. (kubeadm upgrades no addon either that is not there.)
 */
export function phasesLeft(
  plans: readonly Pick<ObjectPlan, 'wanted' | 'action'>[],
  switchedOn: readonly ClusterPhase[],
): readonly ClusterPhase[] {
  const phases = [...new Set(plans.map(({ wanted }) => wanted.phase))];
  return phases.filter((phase) => {
    const own = plans.filter(({ wanted }) => wanted.phase === phase);
    return !switchedOn.includes(phase) && own.every(({ action }) => action === 'create');
  });
}

function changesOf({ wanted, action, differences }: ObjectPlan, lastGood: ObjectFacts['lastGood']): readonly Change[] {
  const title = objectTitle(wanted.object);
  const before = lastGood?.objects.find(({ object }) => objectPath(object) === objectPath(wanted.object));
  if (action === 'create') return [{ what: 'object', name: title, ...(before === undefined ? absent : removed) }];
  const configured = before && new Set(objectFields(before.object, wanted.object).map(({ name }) => name));
  return fieldsOf(title, differences).map((field): Change => {
    const why = configured === undefined || configured.has(field.name) ? asked : edited(lastGood?.number);
    const forms = { rendered: field.to ?? null, running: field.from ?? null };
    return { what: 'object', ...field, ...why, forms };
  });
}

type Why = Pick<Change, 'cause' | 'because'>;

const asked: Why = { cause: 'configuration', because: usualReason };

const absent: Why = { cause: 'configuration', because: 'is not in the cluster yet' };
const removed: Why = { cause: 'object deleted', because: 'was removed from the cluster' };

function edited(number: number | undefined): Why {
  return { cause: 'object changed', because: `is not in the cluster as revision ${number} left it` };
}
