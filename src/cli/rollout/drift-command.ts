import type { CliCommand } from '../command.ts';
import { rootDirOption } from '../options.ts';
import { componentOption, noRollbackOption, skipCanaryOption } from './rollout-options.ts';

const healing = 'Options of --heal:';

/** `bootstrap drift`. */
export const driftCommand: CliCommand = {
  name: 'drift',
  summary: 'what is not as the last good revision left it, and why',
  description:
    'Compares the stored configuration with what is on disk and what runs, field by field: edited, deleted or replaced files, ' +
    'another image. Exit code 0 when all is as it was left, 10 when something is not; with --heal those of apply.',
  examples: ['bootstrap drift', 'bootstrap drift -o json', 'bootstrap drift --heal'],
  notes: [
    '--heal is an apply of the stored configuration: with canary, health gate, rollback and a revision of its own.',
  ],
  options: [
    rootDirOption,
    { flags: '--heal', summary: 'put it right' },
    { ...componentOption('heal'), group: healing },
    { flags: '--message <text>', summary: 'why, for the history', group: healing },
    { ...skipCanaryOption, group: healing },
    { ...noRollbackOption, group: healing },
  ],
  load: () => import('./drift.ts'),
};
