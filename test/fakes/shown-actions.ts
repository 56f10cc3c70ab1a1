import type { PodAction } from '../../src/agent/plan/actions.ts';

/** `do target` of each action, with attempt and grace. */
export function shown(actions: readonly PodAction[]): readonly string[] {
  return actions.map((action) => {
    const target = 'container' in action ? action.container : 'id' in action ? action.id : '';
    const attempt = 'attempt' in action ? `#${action.attempt}` : '';
    const grace = 'graceSeconds' in action ? ` ${action.graceSeconds}s` : '';
    return `${action.do} ${target}${attempt}${grace}`.trim();
  });
}
