import { dirname, join } from 'node:path';
import { contains, formatCidr, overlaps, parseCidrs, parseIp } from '../../kube/cidr.ts';
import { networkPlugins, type PodNetwork, podNetwork } from '../../manifests/pod-network.ts';
import type { NetworkState, RuntimeType } from '../../runtime/runtime.ts';
import { otherNetworks } from '../cni.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** Where plugins are when the runtime does not say: its own default, then those of distributions. */
const pluginDirectories: readonly string[] = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'];

/** Checks of the network for pods that are not on the host's. The control plane itself needs none. */
export const cniChecks: readonly Check[] = [{ name: 'CNI', run: networkForPods }];

async function networkForPods(context: CheckContext): Promise<readonly Problem[]> {
  const { cni, config, paths } = context;
  const runtime = await runtimeNetwork(context);
  if (cni === undefined) return runtime?.state === undefined ? [] : notReady(runtime.state);
  const network = podNetwork(config, paths);
  if ((await otherNetworks(context, network)).length > 0) return [];
  const taken = rangeProblems(context, network);
  if (runtime === undefined) return taken;
  if (runtime.state === undefined) return [...taken, hasItsOwn(runtime.type)];
  return [
    ...taken,
    ...(await elsewhere(context, runtime.state, network)),
    ...(await pluginProblems(context, runtime.state)),
    ...(await lacksIptables(context)),
  ];
}

type RuntimeNetwork = { readonly type: RuntimeType; readonly state?: NetworkState };

/** Undefined when no runtime of ours is asked, or none answers: the check CRI says why. */
async function runtimeNetwork(context: CheckContext): Promise<RuntimeNetwork | undefined> {
  if (context.config.init.skipPhases.includes('start-agent')) return undefined;
  try {
    const { type } = await context.runtimeType();
    return type === 'cri' ? { type, state: await (await context.runtime()).network() } : { type };
  } catch {
    return undefined;
  }
}

function notReady({ problem }: NetworkState): readonly Problem[] {
  if (problem === undefined) return [];
  return [
    {
      severity: 'warning',
      message: `the container runtime has no network for pods: ${problem}; only pods on the host network would run`,
      hint: 'the control plane is on the host network; init --cni bridge writes a configuration for other pods',
    },
  ];
}

function hasItsOwn(type: RuntimeType): Problem {
  return { severity: 'warning', message: `--cni is for a CRI runtime: ${type} does not read the configuration` };
}

async function elsewhere(
  { host }: CheckContext,
  { configDirectory }: NetworkState,
  { file }: PodNetwork,
): Promise<readonly Problem[]> {
  const real = async (path: string) => (await host.realPath(path)) ?? join(path);
  if (configDirectory === undefined || (await real(configDirectory)) === (await real(dirname(file)))) return [];
  return [
    {
      severity: 'warning',
      message: `the container runtime looks for CNI configurations in ${configDirectory}, not in ${dirname(file)}`,
      hint: 'tell it that directory (containerd: conf_dir), or put a link to the file into its own',
    },
  ];
}

async function pluginProblems({ host }: CheckContext, { pluginDirectory }: NetworkState): Promise<readonly Problem[]> {
  const lacking = async (directory: string) => {
    const names = (await host.list(directory)) ?? [];
    return networkPlugins.filter((name) => !names.includes(name));
  };
  const asked = pluginDirectory === undefined ? pluginDirectories : [pluginDirectory];
  const lacks = await Promise.all(asked.map(lacking));
  if (lacks.some(({ length }) => length === 0)) return [];
  const complete = await Promise.all(
    pluginDirectories.map(async (path) => ((await lacking(path)).length === 0 ? path : '')),
  );
  const found = complete.find((path) => path !== '');
  const hint =
    found === undefined
      ? 'install the package containernetworking-plugins'
      : `they are in ${found}: tell the runtime that directory (containerd: bin_dir)`;
  return [{ message: `${asked.join(', ')}: there is no CNI plugin ${(lacks[0] ?? []).join(', ')}`, hint }];
}

/** By which portmap, firewall and the bridge's masquerading set their rules. */
async function lacksIptables({ host }: CheckContext): Promise<readonly Problem[]> {
  if ((await host.findProgram('iptables')) !== undefined) return [];
  const hint = 'install the package iptables';
  return [{ severity: 'warning', message: 'there is no iptables, which the CNI plugins call', hint }];
}

/** The pods' addresses must be nobody else's on this machine, nor the services'. */
function rangeProblems({ host, config }: CheckContext, { subnets, bridge }: PodNetwork): readonly Problem[] {
  const services = parseCidrs(config.cluster.networking.serviceSubnet) ?? [];
  const hint = 'choose another range with --pod-network-cidr';
  return subnets.flatMap((subnet): readonly Problem[] => {
    const pods = `the pods' network ${formatCidr(subnet)}`;
    const service = services.find((candidate) => overlaps(candidate, subnet));
    const used = host.addresses().find(({ name, address }) => {
      const parsed = parseIp(address);
      return name !== bridge && parsed !== undefined && contains(subnet, parsed);
    });
    return [
      ...(service === undefined ? [] : [{ message: `${pods} overlaps serviceSubnet ${formatCidr(service)}`, hint }]),
      ...(used === undefined ? [] : [{ message: `${pods} holds ${used.address} of ${used.name}`, hint }]),
    ];
  });
}
