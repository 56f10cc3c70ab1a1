import type { CliOption } from '../command.ts';

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** Of the commands that change a running control plane. `verb`: what is done to the one component. */
export const componentOption = (verb: string): CliOption => ({
  flags: '--component <name>',
  summary: `${verb} only this one`,
  values: components,
});

export const skipCanaryOption: CliOption = {
  flags: '--skip-canary',
  summary: 'do not try the changed components beside the running ones first',
};

export const noRollbackOption: CliOption = {
  flags: '--no-rollback',
  summary: 'leave a component that does not become healthy as it is, to look at it',
};
