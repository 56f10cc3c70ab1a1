import { ignoredKubeletFlags } from '../../agent/settings/kubelet-flags.ts';
import type { CliCommand, CliOption } from '../command.ts';

const sources = grouped('Manifests:', [
  {
    flags: '--config <file>',
    summary: 'KubeletConfiguration, our AgentConfiguration, or a file with just staticPodPath; SIGHUP reads it again',
  },
  { flags: '--pod-manifest-path <path>', summary: 'directory of manifests, or one manifest' },
  { flags: '--manifest-url <url>', summary: 'URL of further manifests' },
  { flags: '--manifest-url-header <headers>', summary: 'headers for that URL: a:hello,b:again', list: true },
  { flags: '--file-check-frequency <duration>', summary: 'how often the directory is read again in full (20s)' },
  { flags: '--http-check-frequency <duration>', summary: 'how often the URL is fetched (20s)' },
]);

const runtime = grouped('Container runtime:', [
  { flags: '--runtime <type>', summary: 'container runtime', values: ['auto', 'docker', 'cri', 'process'] },
  { flags: '--container-runtime <name>', summary: 'as the kubelet’s: docker or remote', values: ['docker', 'remote'] },
  { flags: '--container-runtime-endpoint <endpoint>', summary: 'its socket; what answers there decides the type' },
  { flags: '--pod-infra-container-image <image>', summary: 'image of the sandbox container' },
  {
    flags: '--image-archives <dir>',
    summary: 'directory of image archives, looked through before any pull',
    list: true,
  },
  { flags: '--serialize-image-pulls [bool]', summary: 'fetch one image at a time (false: up to 5)' },
]);

const node = grouped('Node:', [
  { flags: '--hostname-override <name>', summary: 'name of this node: the last part of its pods’ names' },
  { flags: '--node-ip <addresses>', summary: 'address of this node, or one per family' },
  { flags: '--node-labels <labels>', summary: 'labels that node selectors are compared with: a=b,c=d', list: true },
  { flags: '--max-pods <count>', summary: 'how many pods may run (110)' },
  { flags: '--kubeconfig <file>', summary: 'credentials for an API server; static pods do without' },
  {
    flags: '--bootstrap-kubeconfig <file>',
    summary: 'how to get the first credentials, while --kubeconfig is not there; they are written to that file',
  },
  { flags: '--register-node [bool]', summary: 'register this machine as a node where it is none (true)' },
  {
    flags: '--register-with-taints <taints>',
    summary: 'taints of a node that is registered: key=value:effect',
    list: true,
  },
  { flags: '--cert-dir <dir>', summary: 'where the agent keeps certificates (/var/lib/kubelet/pki)' },
  { flags: '--rotate-certificates [bool]', summary: 'have the client certificate renewed by the cluster' },
  { flags: '--network-plugin <name>', summary: 'as the kubelet’s; has a meaning on cri only' },
]);

const pods = grouped('Pods:', [
  { flags: '--cluster-dns <addresses>', summary: 'name servers of pods with dnsPolicy ClusterFirst', list: true },
  { flags: '--cluster-domain <domain>', summary: 'domain that such pods search' },
  { flags: '--resolv-conf <file>', summary: 'resolver configuration that pods get (/etc/resolv.conf)' },
  { flags: '--seccomp-default [bool]', summary: 'RuntimeDefault for containers that name no seccomp profile' },
  {
    flags: '--allowed-unsafe-sysctls <names>',
    summary: 'unsafe sysctls that pods may set: net.*,kernel.msg*',
    list: true,
  },
  { flags: '--cpu-cfs-quota [bool]', summary: 'enforce CPU limits (true)' },
  { flags: '--pod-max-pids <count>', summary: 'processes per pod (-1: no limit)' },
  { flags: '--container-log-max-size <size>', summary: 'size at which a container’s log is rotated (10Mi)' },
  { flags: '--container-log-max-files <count>', summary: 'log files kept per container (5)' },
]);

const ports = grouped('Ports:', [
  { flags: '--healthz-port <port>', summary: 'port of /healthz; 0 serves none (10248)' },
  { flags: '--healthz-bind-address <address>', summary: 'address of /healthz (127.0.0.1)' },
  { flags: '--port <port>', summary: 'port of the kubelet’s API, with --kubeconfig; 0 serves none (10250)' },
  { flags: '--client-ca-file <file>', summary: 'authorities whose client certificates that API takes' },
  { flags: '--tls-cert-file <file>', summary: 'certificate of that API (self-signed)' },
  { flags: '--tls-private-key-file <file>', summary: 'its key' },
  { flags: '--rotate-server-certificates [bool]', summary: 'have that certificate signed by the cluster' },
  {
    flags: '--read-only-port <port>',
    summary: 'port of /pods, /metrics and /healthz without a password; 0 serves none (0)',
  },
  { flags: '--address <address>', summary: 'address of that port and of the kubelet’s API (0.0.0.0)' },
]);

const own = grouped('Agent:', [
  { flags: '--root-dir <dir>', summary: 'the directory that holds everything', default: '/' },
  {
    flags: '--takeover',
    summary:
      'take the place of whoever ran these pods: a kubelet that was stopped, another agent; one pod after another',
  },
  { flags: '--log-file <file>', summary: 'write the log there instead of stderr, at most 10 MB', hidden: true },
]);

/** `bootstrap agent`: the static pod agent in the foreground, with the kubelet's flags (contract, commands). */
export const agentCommand: CliCommand = {
  name: 'agent',
  summary: 'the static pod agent in the foreground',
  description:
    'Runs the pods of a directory of manifests: starts, probes, restarts and stops them. Takes the flags of a kubelet, whose place it can take on a machine without a cluster.',
  examples: [
    'bootstrap agent --pod-manifest-path /etc/kubernetes/manifests',
    'bootstrap agent --config /var/lib/kubelet/config.yaml --container-runtime-endpoint unix:///var/run/docker.sock',
    'bootstrap agent --config agent.yaml --root-dir .bootstrap',
    'curl --unix-socket /run/bootstrap/agent.sock http://agent/metrics',
  ],
  notes: [
    'Flags win over --config. SIGHUP reads --config again and takes up what changed; SIGTERM and SIGINT end the agent.',
    'Pods run on in both cases, and the next agent takes them over as they are. See them with "bootstrap status" and',
    '"bootstrap logs". Every other flag of a kubelet is accepted, does nothing, and is named once in a warning.',
  ],
  options: [
    ...sources,
    ...runtime,
    ...node,
    ...pods,
    ...ports,
    ...own,
    ...ignoredKubeletFlags.map((name) => ({
      flags: `--${name} [value]`,
      summary: 'a kubelet flag without a meaning here',
      hidden: true,
    })),
  ],
  load: () => import('./agent.ts'),
};

function grouped(group: string, options: readonly CliOption[]): readonly CliOption[] {
  return options.map((option) => ({ group, ...option }));
}
