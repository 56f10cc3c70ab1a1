import type { PodAction } from '../plan/actions.ts';

/** Neighbours that may happen at the same time. */
export function groupsOf(actions: readonly PodAction[]): readonly (readonly PodAction[])[] {
  const groups: PodAction[][] = [];
  for (const action of actions) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && together(last[0], action)) last.push(action);
    else groups.push([action]);
  }
  return groups;
}

function together(a: PodAction, b: PodAction): boolean {
  // Stops heed their order among themselves: they share one grace period.
  const alike = ['stop-container', 'remove-container', 'stop-sandbox', 'remove-sandbox', 'pull-image'];
  // A sandbox that is planned before stops is another pod's than what is stopped.
  return (a.do === b.do && alike.includes(a.do)) || (a.do === 'create-sandbox' && b.do === 'stop-container');
}

/** What an action does, for people who wait for it. */
export function doingOf(action: PodAction): string {
  switch (action.do) {
    case 'pull-image':
      return `getting the image of ${action.container}`;
    case 'start-container':
      return `starting ${action.container}`;
    case 'create-sandbox':
      return 'creating the sandbox';
    case 'stop-container':
      return `stopping ${action.name} (grace ${action.graceSeconds} s): ${action.because}`;
    default:
      return `clearing away: ${action.because}`;
  }
}
