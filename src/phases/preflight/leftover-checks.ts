import { findPrograms } from '../../host/programs.ts';
import { podNetwork } from '../../manifests/pod-network.ts';
import type { Check, CheckContext, Problem } from './check.ts';
import { belowRoot, checkNameOf } from './check.ts';

/** What other clusters leave on a machine. The ports and files that stand in our way have checks of their own. */
export const leftoverChecks: readonly Check[] = [
  { name: 'Kubelet', run: kubelets },
  { name: 'Leftovers', run: leftovers },
];

type Leftover = { readonly path: string; readonly of: string; readonly remedy: string };

/** Of the machine, wherever our own root directory is. */
const machineWide: readonly Leftover[] = [
  { path: '/var/lib/rancher/k3s', of: 'k3s', remedy: 'k3s-uninstall.sh' },
  { path: '/var/lib/rancher/rke2', of: 'RKE2', remedy: 'rke2-uninstall.sh' },
  { path: '/var/lib/k0s', of: 'k0s', remedy: 'k0s stop && k0s reset' },
  { path: '/var/snap/microk8s', of: 'MicroK8s', remedy: 'snap remove --purge microk8s' },
  { path: '/sys/class/net/cni0', of: 'a CNI bridge', remedy: 'ip link delete cni0' },
  { path: '/sys/class/net/flannel.1', of: 'flannel', remedy: 'ip link delete flannel.1' },
  { path: '/sys/class/net/cilium_host', of: 'Cilium', remedy: 'ip link delete cilium_host' },
  { path: '/sys/class/net/vxlan.calico', of: 'Calico', remedy: 'ip link delete vxlan.calico' },
  { path: '/sys/class/net/kube-ipvs0', of: "kube-proxy's ipvs mode", remedy: 'ip link delete kube-ipvs0' },
];

async function leftovers(context: CheckContext): Promise<readonly Problem[]> {
  const { host, paths, own, config, cni } = context;
  // A plane of ours that stands has pods and a network of its own.
  if (own.manifests.length > 0) return [];
  const kubeadms: readonly Leftover[] = ['kubelet.conf', 'bootstrap-kubelet.conf'].map((name) => ({
    path: `${paths.kubernetesDir}/${name}`,
    of: 'a kubelet that has joined a cluster',
    remedy: 'kubeadm reset',
  }));
  // That bridge is taken up again.
  const bridge = cni === undefined ? undefined : `/sys/class/net/${podNetwork(config, paths).bridge}`;
  const strangers = [...kubeadms, ...machineWide].filter(({ path }) => path !== bridge);
  const found = strangers.map(async ({ path, of, remedy }): Promise<readonly Problem[]> => {
    const ours = own.made.some((entry) => entry.path === path);
    if (ours || (await host.stat(path).catch(() => undefined)) === undefined) return [];
    const message = `${path} is there, of ${of}: an earlier cluster may not be gone`;
    const name = checkNameOf('Leftovers', belowRoot(path, paths.root));
    return [{ name, severity: 'warning', message, hint: `remove it: ${remedy}` }];
  });
  return (await Promise.all(found)).flat();
}

/** One that serves our manifest directory would run each pod a second time. */
async function kubelets({ host, paths, config }: CheckContext): Promise<readonly Problem[]> {
  if (config.init.skipPhases.includes('start-agent') || paths.root !== '/') return [];
  const [kubelet] = await findPrograms(host, ['kubelet']);
  if (kubelet === undefined) return [];
  return [
    {
      severity: 'warning',
      message: `a kubelet runs here (pid ${kubelet.pid}): with ${paths.manifestsDir} as its staticPodPath every pod would run twice`,
      hint: 'systemctl disable --now kubelet, or --skip-phases=start-agent and leave the pods to it',
    },
  ];
}
