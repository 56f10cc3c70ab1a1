import type { CliCommand } from '../command.ts';
import { rootDirOption } from '../options.ts';
import { noRollbackOption, skipCanaryOption } from './rollout-options.ts';

/** `bootstrap rollback`. */
export const rollbackCommand: CliCommand = {
  name: 'rollback',
  summary: 'make the control plane what it was in an earlier revision',
  description:
    'Takes configuration, manifests, certificates and kubeconfigs of a good revision, and applies them as any change: ' +
    'tried first, one component at a time, behind a health gate, back when it fails. It becomes a new revision. ' +
    'Exit codes are those of apply.',
  examples: ['bootstrap rollback', 'bootstrap rollback --to 3', 'bootstrap rollback --to 3 --dry-run'],
  notes: ['Without --to it goes to the last good revision before the current one.'],
  options: [
    rootDirOption,
    { flags: '--to <number>', summary: 'the revision; bootstrap history shows them' },
    { flags: '--message <text>', summary: 'why, for the history' },
    { flags: '--dry-run', summary: 'change nothing; print what would be done' },
    skipCanaryOption,
    noRollbackOption,
  ],
  load: () => import('./rollback.ts'),
};
