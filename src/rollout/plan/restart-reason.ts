import type { Change } from '../types.ts';
import type { FileChange } from './plan-files.ts';

/** Why a component restarts, or why it need not, in a few words. */
export function restartReason(found: {
  readonly changes: readonly Change[];
  readonly files: readonly FileChange[];
  readonly restart: boolean;
}): string {
  const { changes, files, restart } = found;
  const stale = files.filter(({ live }) => !live).map(({ change }) => change.name);
  if (restart) return kindsOf(changes);
  if (stale.length > 0) return `it reads ${stale.join(', ')} only at start`;
  if (changes.length > 0) return 'what runs is right, only the file is put right';
  return files.length > 0 ? 'it takes up the new files by itself' : 'nothing differs';
}

/** The kinds of what changed: `2 flags and its image change`. */
function kindsOf(changes: readonly Change[]): string {
  if (changes.some(({ cause }) => cause === 'not running')) return 'it does not run';
  const count = (what: Change['what']) => changes.filter((change) => change.what === what).length;
  const [flags, env, mounts] = [count('flag'), count('env'), count('mount')];
  const rest = count('field') + count('probe') + count('resources');
  const parts = [
    ...(count('file') > 0 ? ['its manifest'] : []),
    ...(count('image') > 0 ? ['its image'] : []),
    ...(flags > 0 ? [counted(flags, 'flag')] : []),
    ...(env > 0 ? [counted(env, 'environment variable')] : []),
    ...(mounts > 0 ? [counted(mounts, 'mount')] : []),
    ...(rest > 0 ? [counted(rest, 'other field')] : []),
  ];
  const text = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? 'its pod');
  const one = parts.length <= 1 && (/^1 /.test(text) || text.startsWith('its'));
  return `${text} ${one ? 'changes' : 'change'}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
