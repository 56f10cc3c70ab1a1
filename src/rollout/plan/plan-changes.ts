import { differenceText } from '../revisions/revision-differences.ts';
import type { Change, RolloutPlan } from '../types.ts';

/** What a plan changes in a few words each, for the history: what is put right too, though no revision differs by it. */
export function describePlan({ components, files, objects, configuration }: RolloutPlan): readonly string[] {
  const done = [
    ...components.flatMap(({ component, changes }) => changes.map((change) => `${component} ${changeText(change)}`)),
    ...files.map(changeText),
    ...objects.map(changeText),
  ];
  return done.length > 0 ? done : configuration.map(differenceText);
}

function changeText(change: Change): string {
  const { what, from, to, name, because } = change;
  if (what === 'certificate' || what === 'kubeconfig' || what === 'file') return `${name}: ${because}`;
  return from === undefined && to === undefined
    ? `${name}: ${because}`
    : differenceText({ ...change, what: what === 'object' ? 'field' : what });
}
