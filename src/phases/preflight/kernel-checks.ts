import { parseCidrs } from '../../kube/cidr.ts';
import type { Check, CheckContext, Problem } from './check.ts';
import { checkNameOf } from './check.ts';

/** Checks of the kernel; all of them warn, since the control plane itself runs on the host's network and without limits. */
export const kernelChecks: readonly Check[] = [
  { name: 'SystemVerification', run: cgroups },
  { name: 'KernelModule', run: modules },
  { name: 'FileContent', run: forwarding },
];

/** Controllers that limits of pods need (kubelet pkg/kubelet/cm; those of system-validators). */
const controllers: readonly string[] = ['cpu', 'cpuset', 'memory', 'pids'];

async function cgroups({ host }: CheckContext): Promise<readonly Problem[]> {
  const unified = await host.readText('/sys/fs/cgroup/cgroup.controllers').catch(() => undefined);
  const table = (await host.readText('/proc/cgroups').catch(() => undefined)) ?? '';
  const enabled = [...table.matchAll(/^(\w+)\t\d+\t\d+\t1$/gm)].map(([, name = '']) => name);
  const there = unified === undefined ? enabled : unified.trim().split(/\s+/);
  const lacking = controllers.filter((name) => !there.includes(name));
  const severity = 'warning';
  if (there.length === 0) return [];
  return [
    ...(unified === undefined
      ? [
          {
            severity,
            message: 'cgroup v1: static pods run here, a stock kubelet 1.35 or newer does not start',
            hint: 'boot with the kernel parameter systemd.unified_cgroup_hierarchy=1',
          } as const,
        ]
      : []),
    ...(lacking.length > 0
      ? [
          {
            severity,
            message: `there is no cgroup controller ${lacking.join(', ')}: limits of pods are not kept`,
            hint: lacking.includes('memory')
              ? 'boot with the kernel parameters cgroup_enable=memory swapaccount=1'
              : 'enable it in the kernel, and for this service (Delegate=yes)',
          } as const,
        ]
      : []),
  ];
}

/** `overlay` for the images of engines; `br_netfilter` for services of pods on one bridge. */
async function modules(context: CheckContext): Promise<readonly Problem[]> {
  const { host, cni } = context;
  if (!(await hasOwnNetworks(context))) return [];
  const problems: Problem[] = [];
  const severity = 'warning';
  const systems = (await host.readText('/proc/filesystems')) ?? 'overlay';
  if (!/\boverlay\b/.test(systems) && !(await isLoadable(host, 'overlay'))) {
    const message = 'this kernel has no overlay file system: layers of images are copied, or cannot be mounted';
    problems.push({ name: 'KernelModule-overlay', severity, message, hint: 'install a kernel that has it' });
  }
  const bridged = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  if (cni === 'bridge' && (await host.readText(bridged).catch(() => undefined))?.trim() !== '1') {
    problems.push({
      name: 'KernelModule-br_netfilter',
      severity,
      message: 'packets between pods of one bridge pass by iptables: they do not reach each other through services',
      hint: 'modprobe br_netfilter && sysctl net.bridge.bridge-nf-call-iptables=1, both also for the next boot',
    });
  }
  return problems;
}

async function isLoadable(host: CheckContext['host'], name: string): Promise<boolean> {
  const release = (await host.readText('/proc/sys/kernel/osrelease'))?.trim() ?? '';
  const lists = await Promise.all(
    ['modules.dep', 'modules.builtin'].map((file) => host.readText(`/lib/modules/${release}/${file}`)),
  );
  return lists.some((text) => text?.includes(`/${name}.ko`));
}

/** By family of the services: kubeadm's files and names. */
const forwardingFiles = [
  { family: 4, path: '/proc/sys/net/ipv4/ip_forward', setting: 'net.ipv4.ip_forward' },
  { family: 6, path: '/proc/sys/net/ipv6/conf/default/forwarding', setting: 'net.ipv6.conf.default.forwarding' },
] as const;

async function forwarding(context: CheckContext): Promise<readonly Problem[]> {
  const { host, config } = context;
  if (!(await hasOwnNetworks(context))) return [];
  const { serviceSubnet, podSubnet } = config.cluster.networking;
  const families = new Set(
    (parseCidrs([serviceSubnet, podSubnet ?? serviceSubnet].join()) ?? []).map((cidr) => cidr.family),
  );
  const problems = forwardingFiles.map(async ({ family, path, setting }): Promise<readonly Problem[]> => {
    const content = await host.readText(path).catch(() => undefined);
    if (!families.has(family) || content === undefined || content.trim() === '1') return [];
    return [
      {
        name: checkNameOf('FileContent', path),
        severity: 'warning',
        message: `${path} is ${content.trim()}: pods off the host network do not reach other machines`,
        hint: `sysctl ${setting}=1, and the same in /etc/sysctl.d/kubernetes.conf`,
      },
    ];
  });
  return (await Promise.all(problems)).flat();
}

/** Whether this runtime has pods off the host network; the process runtime has none. */
async function hasOwnNetworks({ config, runtimeType }: CheckContext): Promise<boolean> {
  if (config.init.skipPhases.includes('start-agent')) return false;
  return runtimeType().then(
    ({ type }) => type !== 'process',
    // The check CRI says why.
    () => false,
  );
}
