import type { CliCommand } from '../command.ts';
import { rootDirOption } from '../options.ts';

const healing = 'Options of --heal:';
const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

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
    { flags: '--component <name>', summary: 'heal only this one', values: components, group: healing },
    { flags: '--message <text>', summary: 'why, for the history', group: healing },
    {
      ...{ flags: '--skip-canary', group: healing },
      summary: 'do not try the changed components beside the running ones first',
    },
    {
      ...{ flags: '--no-rollback', group: healing },
      summary: 'leave a component that does not become healthy as it is, to look at it',
    },
  ],
  load: () => import('./drift.ts'),
};
