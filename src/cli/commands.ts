import { agentCommand } from './agent/agent-command.ts';
import { connectCommand } from './agent/connect-command.ts';
import { kubeconfigCommand } from './cluster/kubeconfig-command.ts';
import { joinCommandRow, tokenCommand } from './cluster/token-command.ts';
import type { CliCommand } from './command.ts';
import { imagesCommands } from './images/images-command.ts';
import { initCommand } from './init/init-command.ts';
import { configOption, configurationOptions, rootDirOption } from './options.ts';
import { applyCommand } from './rollout/apply-command.ts';
import { driftCommand } from './rollout/drift-command.ts';
import { historyCommands } from './rollout/history-commands.ts';
import { planCommand } from './rollout/plan-command.ts';
import { rollbackCommand } from './rollout/rollback-command.ts';

const podArgument = {
  form: '[pod]',
  summary: 'name of the pod; node name and namespace may be left out',
  askedFor: 'completion pods',
};

/** Every command, in the order of the help. A command is here from the day it works. */
export const commands: readonly CliCommand[] = [
  initCommand,
  planCommand,
  applyCommand,
  ...historyCommands,
  rollbackCommand,
  driftCommand,
  joinCommandRow,
  {
    name: 'reset',
    summary: 'remove what init made, say what is left',
    description:
      'Stops the agent and our pods, then removes the files that init made. What it cannot show to be ours stays.',
    examples: ['bootstrap reset', 'bootstrap reset --force --root-dir ~/plane', 'bootstrap reset --dry-run'],
    options: [
      { flags: '-f, --force', summary: 'do not ask (needed without a terminal)' },
      rootDirOption,
      configOption,
      { flags: '--cert-dir <dir>', summary: 'where the certificates are (default /etc/kubernetes/pki)' },
      { flags: '--cleanup-tmp-dir', summary: 'also remove /etc/kubernetes/tmp' },
      {
        flags: '--skip-phases <phases>',
        summary: 'phases to leave out: stop-pods, stop-agent, remove-files',
        list: true,
      },
      { flags: '--dry-run', summary: 'change nothing; print what would be removed' },
    ],
    load: () => import('./init/reset.ts'),
  },
  agentCommand,
  connectCommand,
  {
    name: 'status',
    summary: 'components, pods, probes, restarts, certificates',
    description:
      'Exit code 0 when every pod is ready, 1 when one is not or the agent does not run, 2 when nothing was made here.',
    examples: ['bootstrap status', 'bootstrap status --watch', 'bootstrap status -o json'],
    options: [rootDirOption, { flags: '-w, --watch', summary: 'show it again whenever it changes, until interrupted' }],
    load: () => import('./status/status.ts'),
  },
  {
    name: 'logs',
    summary: "a container's output",
    description:
      'Reads what containers wrote from their files, whether or not an agent runs. -f goes on over restarts.',
    examples: [
      'bootstrap logs kube-apiserver',
      'bootstrap logs kube-system/etcd -f --tail 20',
      'bootstrap logs kube-scheduler --previous',
      'bootstrap logs web --all-containers --prefix --since 5m',
    ],
    arguments: [podArgument],
    options: [
      rootDirOption,
      { flags: '-n, --namespace <namespace>', summary: "the pod's namespace" },
      { flags: '-c, --container <name>', summary: 'which container (default: the first)' },
      { flags: '--all-containers', summary: 'all containers of the pod' },
      { flags: '-f, --follow', summary: 'go on until interrupted' },
      { flags: '-p, --previous', summary: 'of the attempt before the present one' },
      { flags: '--tail <lines>', summary: 'only the last lines' },
      { flags: '--since <duration>', summary: 'only what is newer, such as 5m' },
      { flags: '--since-time <time>', summary: 'only what is newer than 2026-01-31T10:00:00Z' },
      { flags: '--limit-bytes <count>', summary: 'no more than so many bytes of each container' },
      { flags: '--timestamps', summary: 'each line with its time' },
      { flags: '--prefix', summary: 'each line with its pod and container' },
    ],
    load: () => import('./status/logs.ts'),
  },
  kubeconfigCommand,
  tokenCommand,
  {
    name: 'config',
    summary: 'print or check the configuration',
    examples: ['bootstrap config print', 'bootstrap config validate --config kubeadm.yaml'],
    commands: [
      {
        name: 'print',
        summary: 'the whole configuration with defaults and flags, as YAML',
        examples: ['bootstrap config print', 'bootstrap config print --config kubeadm.yaml --service-cidr 10.0.0.0/16'],
        options: configurationOptions,
        load: async () => ({ run: (await import('./config.ts')).printConfig }),
      },
      {
        name: 'validate',
        summary: 'every finding at once; exit code 3 when there is an error',
        examples: ['bootstrap config validate --config kubeadm.yaml'],
        options: configurationOptions,
        load: async () => ({ run: (await import('./config.ts')).validateConfig }),
      },
    ],
  },
  imagesCommands,
  {
    name: 'version',
    summary: 'our version, and the Kubernetes version this release is made for',
    examples: ['bootstrap version', 'bootstrap version -o json'],
    load: () => import('./version.ts'),
  },
  {
    name: 'completion',
    summary: 'completion script for a shell',
    examples: [
      '. <(bootstrap completion bash)',
      'bootstrap completion zsh > "$' + '{fpath[1]}/_bootstrap"',
      'bootstrap completion fish > ~/.config/fish/completions/bootstrap.fish',
    ],
    arguments: [{ form: '<shell>', summary: 'bash, zsh or fish', values: ['bash', 'zsh', 'fish'] }],
    options: [{ ...rootDirOption, hidden: true }],
    load: () => import('./completion.ts'),
  },
];
