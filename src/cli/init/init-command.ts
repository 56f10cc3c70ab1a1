import type { CliCommand, CliOption } from '../command.ts';
import { configurationOptions } from '../options.ts';

const actingOptions: readonly CliOption[] = [
  { flags: '--templates <dir>', summary: 'manifest templates that replace ours, file by file' },
  { flags: '--dry-run', summary: 'change nothing; print what would be done and every file' },
  {
    flags: '--ignore-preflight-errors <checks>',
    summary: 'preflight checks that only warn, or "all"',
    list: true,
  },
  { flags: '--wait-timeout <duration>', summary: 'give up waiting for the components after this (default 4m0s)' },
];

const joiningOptions: readonly CliOption[] = [
  { flags: '--upload-certs', summary: 'put the shared certificates, encrypted, into the cluster for two hours' },
  { flags: '--skip-token-print', summary: 'do not show bootstrap tokens' },
  { flags: '--skip-certificate-key-print', summary: 'do not show the key of the uploaded certificates' },
];

const cniOption: CliOption = {
  flags: '--cni <kind>',
  summary: 'write a CNI configuration for the pods of this machine where there is none: a bridge',
  values: ['bridge'],
};

/** The phases that it is about. */
const cniPhases: readonly string[] = ['preflight', 'cni'];

const initOptions: readonly CliOption[] = [
  ...configurationOptions,
  ...actingOptions,
  cniOption,
  { flags: '--skip-phases <phases>', summary: 'phases to leave out, NAME or NAME/SUBPHASE', list: true },
  { flags: '--foreground', summary: 'stay and run the agent here until interrupted' },
  ...joiningOptions,
];

const joiningPhases: readonly string[] = ['upload-certs', 'show-join-command'];

type PhaseRow = { readonly name: string; readonly summary: string; readonly phases?: readonly PhaseRow[] };

/** The phases of `init` for help and completion, without their code; a test holds them equal to phases/init.ts. */
export const initPhaseRows: readonly PhaseRow[] = [
  { name: 'preflight', summary: 'check that this machine can run a control plane' },
  {
    name: 'certs',
    summary: 'make the certificates, keep the good ones',
    phases: [
      'ca',
      'apiserver',
      'apiserver-kubelet-client',
      'front-proxy-ca',
      'front-proxy-client',
      'etcd-ca',
      'etcd-server',
      'etcd-peer',
      'etcd-healthcheck-client',
      'apiserver-etcd-client',
      'sa',
    ].map((name) => ({ name, summary: `only ${name}` })),
  },
  {
    name: 'kubeconfig',
    summary: 'make the kubeconfig files',
    phases: ['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler'].map((name) => ({
      name,
      summary: `only ${name}.conf`,
    })),
  },
  {
    name: 'etcd',
    summary: 'write the manifest of a local etcd',
    phases: [{ name: 'local', summary: 'the same, by its name in kubeadm' }],
  },
  {
    name: 'control-plane',
    summary: 'write the manifests of the control plane',
    phases: ['apiserver', 'controller-manager', 'scheduler'].map((name) => ({ name, summary: `only kube-${name}` })),
  },
  { name: 'cni', summary: 'write a network for pods, where --cni asks for one' },
  { name: 'start-agent', summary: 'start the agent, which runs the manifests' },
  { name: 'wait-control-plane', summary: 'wait until every component is healthy and admin.conf works' },
  {
    name: 'upload-config',
    summary: 'put the configuration of cluster and kubelets into ConfigMaps',
    phases: [
      { name: 'kubeadm', summary: 'only the ClusterConfiguration' },
      { name: 'kubelet', summary: 'only the KubeletConfiguration' },
    ],
  },
  {
    name: 'upload-certs',
    summary: 'put the shared certificates, encrypted, into the Secret kubeadm-certs for two hours',
  },
  {
    name: 'mark-control-plane',
    summary: 'label and taint the Node of this machine as a control plane node',
  },
  { name: 'bootstrap-token', summary: 'make the bootstrap tokens, cluster-info, and the rights that joining takes' },
  {
    name: 'kubelet-finalize',
    summary: 'let kubelet.conf follow the rotated client certificate',
    phases: [{ name: 'enable-client-cert-rotation', summary: 'the same, by its name in kubeadm' }],
  },
  {
    name: 'addon',
    summary: 'install CoreDNS and kube-proxy',
    phases: [
      { name: 'coredns', summary: 'only CoreDNS' },
      { name: 'kube-proxy', summary: 'only kube-proxy' },
    ],
  },
  { name: 'record-revision', summary: 'keep configuration, manifests and fingerprints as a numbered revision' },
  { name: 'show-join-command', summary: 'show how other machines join' },
];

function phaseCommand(row: PhaseRow, above: readonly string[]): CliCommand {
  const path = [...above, row.name];
  return {
    name: row.name,
    summary: row.summary,
    examples: [
      `bootstrap init phase ${path.join(' ')}`,
      `bootstrap init phase ${path.join(' ')} --config kubeadm.yaml`,
    ],
    options: [
      ...configurationOptions,
      ...actingOptions,
      ...(joiningPhases.includes(row.name) ? joiningOptions : []),
      ...(cniPhases.includes(row.name) ? [cniOption] : []),
    ],
    load: async () => {
      const { runInitPhase } = await import('./init.ts');
      return { run: (context, invocation) => runInitPhase(context, invocation, path) };
    },
    ...(row.phases === undefined ? {} : { commands: row.phases.map((sub) => phaseCommand(sub, path)) }),
  };
}

/** `bootstrap init` and its phases. */
export const initCommand: CliCommand = {
  name: 'init',
  summary: 'bring up a control plane; again = converge, change nothing that is right',
  description:
    'Makes certificates, kubeconfigs and static pod manifests, starts the agent that runs them, and ends when the API ' +
    'server lets admin.conf in. What is there and right is kept, so it may be run again at any time.',
  examples: [
    'bootstrap init',
    'bootstrap init --config kubeadm.yaml',
    'bootstrap init --root-dir ~/plane --runtime process --apiserver-advertise-address 127.0.0.1',
    'bootstrap init --runtime cri --cni bridge --pod-network-cidr 10.244.0.0/16',
    'bootstrap init --dry-run',
    'bootstrap init --ignore-preflight-errors NumCPU,Mem',
  ],
  options: initOptions,
  load: () => import('./init.ts'),
  commands: [
    {
      name: 'phase',
      summary: 'run one phase of init alone',
      examples: ['bootstrap init phase certs', 'bootstrap init phase kubeconfig admin'],
      commands: initPhaseRows.map((row) => phaseCommand(row, [])),
    },
  ],
};
