import type { CliOption } from '../command.ts';

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** Of the commands that change a running control plane. `verb`: what is done to the one component. */
export const componentOption = (verb: string): CliOption => ({
  flags: '--component <name>',
  summary: `${verb} only this one`,
  values: components,
});

/** Of the commands that can move the pods to another container runtime. */
export const moveOptions: readonly CliOption[] = [
  {
    flags: '--runtime <type>',
    summary: 'what runs the containers from now on: the pods move there one by one',
    values: ['docker', 'cri', 'process'],
  },
  { flags: '--runtime-endpoint <url>', summary: 'its socket, such as unix:///run/containerd/containerd.sock' },
];

export const skipCanaryOption: CliOption = {
  flags: '--skip-canary',
  summary: 'do not try the changed components beside the running ones first',
};

export const noRollbackOption: CliOption = {
  flags: '--no-rollback',
  summary: 'leave a component that does not become healthy as it is, to look at it',
};
