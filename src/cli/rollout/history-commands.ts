import type { CliCommand } from '../command.ts';
import { rootDirOption } from '../options.ts';

const askedFor = 'completion revisions';

/** The commands that look back, in the order of the help. */
export const historyCommands: readonly CliCommand[] = [
  {
    name: 'history',
    summary: 'every change of the control plane: when, who, what came of it',
    description:
      'Each init that changed something, and each change after it, is a numbered revision below /var/lib/bootstrap/revisions. ' +
      'The one with a star is what the control plane is now.',
    examples: ['bootstrap history', 'bootstrap history -o json'],
    options: [rootDirOption],
    load: () => import('./history.ts'),
  },
  {
    name: 'diff',
    summary: 'what two revisions say differently, flag by flag',
    description:
      'Without a number: the last good revision against the files on the disk. With one: that revision against the one before it. ' +
      'Secrets are not shown.',
    examples: ['bootstrap diff', 'bootstrap diff 3', 'bootstrap diff 2 5', 'bootstrap diff 2 5 -o json'],
    arguments: [
      { form: '[from]', summary: 'number of a revision', askedFor },
      { form: '[to]', summary: 'number of another', askedFor },
    ],
    options: [rootDirOption],
    load: () => import('./diff.ts'),
  },
];
