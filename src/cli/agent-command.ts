import { ignoredKubeletFlags } from '../agent/kubelet-flags.ts';
import type { CliCommand } from './command.ts';

/** `bootstrap agent`: the static pod agent in the foreground, with the kubelet's flags (contract, commands). */
export const agentCommand: CliCommand = {
  name: 'agent',
  summary: 'the static pod agent in the foreground',
  description:
    'Runs the pods of a directory of manifests: starts, probes, restarts and stops them. SIGTERM ends the agent and leaves the pods running.',
  examples: [
    'bootstrap agent --pod-manifest-path /etc/kubernetes/manifests',
    'bootstrap agent --config agent.yaml --root-dir .bootstrap',
  ],
  options: [
    {
      flags: '--config <file>',
      summary: 'agent configuration: ours, a KubeletConfiguration, or a file with just staticPodPath',
    },
    { flags: '--pod-manifest-path <path>', summary: 'directory of manifests, or one manifest' },
    { flags: '--manifest-url <url>', summary: 'URL of further manifests (not supported yet: named in a warning)' },
    { flags: '--runtime <type>', summary: 'container runtime', values: ['auto', 'docker', 'cri', 'process'] },
    {
      flags: '--container-runtime <name>',
      summary: 'as the kubelet’s: docker or remote',
      values: ['docker', 'remote'],
    },
    { flags: '--container-runtime-endpoint <endpoint>', summary: 'socket of the container runtime' },
    { flags: '--pod-infra-container-image <image>', summary: 'image of the sandbox container' },
    {
      flags: '--image-archives <dir>',
      summary: 'directory of image archives, looked through before any pull',
      list: true,
    },
    { flags: '--root-dir <dir>', summary: 'the directory that holds everything', default: '/' },
    { flags: '--node-ip <addresses>', summary: 'address of this node, or one per family' },
    { flags: '--hostname-override <name>', summary: 'name of this node' },
    { flags: '--kubeconfig <file>', summary: 'credentials for the API server; static pods do not wait for it' },
    { flags: '--register-node [bool]', summary: 'register the node with the API server' },
    { flags: '--network-plugin <name>', summary: 'as the kubelet’s; has a meaning on cri only' },
    { flags: '--file-check-frequency <duration>', summary: 'how often the directory is read again in full (20s)' },
    { flags: '--healthz-port <port>', summary: 'port of /healthz; 0 serves none (10248)' },
    { flags: '--healthz-bind-address <address>', summary: 'address of /healthz (127.0.0.1)' },
    { flags: '--container-log-max-size <size>', summary: 'size at which a container’s log is rotated (10Mi)' },
    { flags: '--container-log-max-files <count>', summary: 'log files kept per container (5)' },
    { flags: '--takeover', summary: 'end the agent that runs for this root directory and take its place' },
    { flags: '--log-file <file>', summary: 'write the log there instead of stderr, at most 10 MB', hidden: true },
    ...ignoredKubeletFlags.map((name) => ({
      flags: `--${name} [value]`,
      summary: 'a kubelet flag without a meaning here',
      hidden: true,
    })),
  ],
  load: () => import('./agent.ts'),
};
