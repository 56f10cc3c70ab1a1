import type { CliCommand } from '../command.ts';
import { configOption, rootDirOption } from '../options.ts';
import { componentOption, moveOptions, noRollbackOption, skipCanaryOption } from './rollout-options.ts';

/** `bootstrap apply`. */
export const applyCommand: CliCommand = {
  name: 'apply',
  summary: 'make the running control plane as the configuration says; goes back by itself when that fails',
  description:
    'Does what `plan` shows: tries every changed component beside the running one, then changes one after the other, ' +
    'each behind a health gate. When one does not become healthy, everything goes back to what it was. ' +
    'Exit code 0 done or nothing to do, 2 refused and nothing touched, 5 failed and back, 1 failed and not back.',
  examples: [
    'bootstrap apply --config kubeadm.yaml',
    'bootstrap apply --config kubeadm.yaml --message "more audit"',
    'bootstrap apply --dry-run --config kubeadm.yaml',
    'bootstrap apply --component kube-scheduler',
    'bootstrap apply --runtime docker',
    'bootstrap apply --config kubeadm.yaml -o ndjson',
  ],
  notes: [
    'Without --config it takes the configuration of the last good revision, and so puts right what was changed by hand.',
    'With another runtime.type or --runtime the pods move there one by one, each behind the health gate; data stays.',
  ],
  options: [
    configOption,
    rootDirOption,
    { flags: '--message <text>', summary: 'why, for the history' },
    { flags: '--dry-run', summary: 'change nothing; print what would be done' },
    componentOption('change'),
    skipCanaryOption,
    noRollbackOption,
    {
      flags: '--live',
      summary: 'set only what running components can be told (log verbosity), until they start again',
    },
    ...moveOptions,
    { flags: '--patches <dir>', summary: 'patches for the manifests: target[suffix][+type].yaml' },
    { flags: '--templates <dir>', summary: 'manifest templates that replace ours, file by file' },
    { flags: '--objects', summary: 'bring only the objects in the cluster along', hidden: true },
    { flags: '--adopt <file>', summary: 'make a rollout of a manifest that was edited by hand', hidden: true },
  ],
  load: () => import('./apply.ts'),
};
