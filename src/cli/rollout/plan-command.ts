import type { CliCommand } from '../command.ts';
import { configOption, rootDirOption } from '../options.ts';
import { moveOptions } from './rollout-options.ts';

/** `bootstrap plan`. */
export const planCommand: CliCommand = {
  name: 'plan',
  summary: 'what a changed configuration would change, and why; changes nothing',
  description:
    'Compares what the configuration says now with what is on disk and what runs, flag by flag. ' +
    'Exit code 0 when there is nothing to do, 10 when there is something, also something that cannot be done.',
  examples: [
    'bootstrap plan --config kubeadm.yaml',
    'bootstrap plan',
    'bootstrap plan --config kubeadm.yaml -o json',
    'bootstrap plan --root-dir ~/plane --patches patches/',
  ],
  notes: [
    'Without --config it takes the configuration of the last good revision, and so shows what was changed by hand.',
  ],
  options: [
    configOption,
    rootDirOption,
    ...moveOptions,
    { flags: '--patches <dir>', summary: 'patches for the manifests: target[suffix][+type].yaml' },
    { flags: '--templates <dir>', summary: 'manifest templates that replace ours, file by file' },
  ],
  load: () => import('./plan.ts'),
};
