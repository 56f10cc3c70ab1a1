import type { CliOption } from './command.ts';

/** Options that several commands share, as rows. */
export const rootDirOption: CliOption = {
  flags: '--root-dir <dir>',
  summary: 'put every path below this directory',
  default: '/',
};

export const configOption: CliOption = {
  flags: '--config <file>',
  summary: 'kubeadm v1beta4 documents, and ours (BootstrapConfiguration) in the same file',
};

export const runtimeOptions: readonly CliOption[] = [
  {
    flags: '--runtime <type>',
    summary: 'what runs the containers; auto = Docker, else CRI, else child processes',
    values: ['auto', 'docker', 'cri', 'process'],
  },
  { flags: '--runtime-endpoint <url>', summary: 'its socket, such as unix:///var/run/docker.sock' },
  { flags: '--cri-socket <url>', summary: "the same by kubeadm's name" },
];

/** kubeadm's flags of `init` that change the configuration, by kubeadm's names (kubeadm.md 2.1). */
export const configurationOptions: readonly CliOption[] = [
  configOption,
  rootDirOption,
  {
    flags: '--apiserver-advertise-address <ip>',
    summary: "the API server's address for the cluster (default: the default route's)",
  },
  { flags: '--apiserver-bind-port <port>', summary: "the API server's port (default 6443)" },
  {
    flags: '--apiserver-cert-extra-sans <names>',
    summary: 'more names and addresses for the API server certificate',
    list: true,
  },
  { flags: '--cert-dir <dir>', summary: 'where the certificates are (default /etc/kubernetes/pki)' },
  { flags: '--certificate-key <key>', summary: 'key that encrypts uploaded certificates' },
  { flags: '--control-plane-endpoint <host>', summary: 'stable name or address of the whole control plane' },
  { flags: '--feature-gates <gates>', summary: 'kubeadm feature gates, name=true,…' },
  { flags: '--image-repository <repository>', summary: 'where images come from (default registry.k8s.io)' },
  {
    flags: '--kubernetes-version <version>',
    summary: 'version of the control plane (default: the one this release is for)',
  },
  { flags: '--node-name <name>', summary: 'name of this node (default: the host name)' },
  { flags: '--patches <dir>', summary: 'patches for the manifests: target[suffix][+type].yaml' },
  { flags: '--pod-network-cidr <cidr>', summary: 'addresses for pods' },
  { flags: '--service-cidr <cidr>', summary: 'addresses for services (default 10.96.0.0/12)' },
  { flags: '--service-dns-domain <domain>', summary: 'DNS domain of services (default cluster.local)' },
  { flags: '--token <token>', summary: 'bootstrap token to make' },
  { flags: '--token-ttl <duration>', summary: 'how long that token holds (default 24h0m0s)' },
  ...runtimeOptions,
];
