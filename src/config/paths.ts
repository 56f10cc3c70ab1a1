import { join } from 'node:path';

/**
 * Every path that we use, each below the root directory (`--root-dir`); what is written into manifests, kubeconfigs and
 * flags is these very paths, so that a control plane needs no machine of its own.
 */
export type Paths = {
  readonly root: string;
  readonly kubernetesDir: string;
  readonly manifestsDir: string;
  readonly certificatesDir: string;
  /** Scratch below /etc/kubernetes, as kubeadm's. */
  readonly temporaryDir: string;
  readonly etcdDataDir: string;
  readonly adminConf: string;
  readonly superAdminConf: string;
  readonly kubeletConf: string;
  readonly controllerManagerConf: string;
  readonly schedulerConf: string;
  readonly kubeletDir: string;
  readonly stateDir: string;
  readonly revisionsDir: string;
  readonly containersDir: string;
  readonly lastGoodDir: string;
  readonly snapshotsDir: string;
  readonly agentConfig: string;
  readonly agentLog: string;
  readonly runDir: string;
  readonly agentSocket: string;
  readonly agentLock: string;
  readonly podLogsDir: string;
  readonly containerLogsDir: string;
  /** Where CNI's configurations are, and what host-local has given away of them. */
  readonly networksDir: string;
  readonly networkLeasesDir: string;
};

/** `root` is absolute; the two directories are as configured, without the root. */
export function pathsOf(
  root: string,
  configured: { readonly certificatesDir?: string; readonly etcdDataDir?: string } = {},
): Paths {
  const below = (path: string) => join(root, path);
  const state = (name: string) => below(`/var/lib/bootstrap/${name}`);
  return {
    root,
    kubernetesDir: below('/etc/kubernetes'),
    manifestsDir: below('/etc/kubernetes/manifests'),
    certificatesDir: below(configured.certificatesDir ?? '/etc/kubernetes/pki'),
    temporaryDir: below('/etc/kubernetes/tmp'),
    etcdDataDir: below(configured.etcdDataDir ?? '/var/lib/etcd'),
    adminConf: below('/etc/kubernetes/admin.conf'),
    superAdminConf: below('/etc/kubernetes/super-admin.conf'),
    kubeletConf: below('/etc/kubernetes/kubelet.conf'),
    controllerManagerConf: below('/etc/kubernetes/controller-manager.conf'),
    schedulerConf: below('/etc/kubernetes/scheduler.conf'),
    kubeletDir: below('/var/lib/kubelet'),
    stateDir: below('/var/lib/bootstrap'),
    revisionsDir: state('revisions'),
    containersDir: state('containers'),
    lastGoodDir: state('last-good'),
    snapshotsDir: state('snapshots'),
    agentConfig: state('agent.yaml'),
    agentLog: state('agent.log'),
    runDir: below('/run/bootstrap'),
    agentSocket: below('/run/bootstrap/agent.sock'),
    agentLock: below('/run/bootstrap/agent.lock'),
    podLogsDir: below('/var/log/pods'),
    containerLogsDir: below('/var/log/containers'),
    networksDir: below('/etc/cni/net.d'),
    networkLeasesDir: below('/var/lib/cni/networks'),
  };
}
