import { basename, dirname } from 'node:path';
import { formatCidr } from '../kube/cidr.ts';
import { type PodNetwork, podNetwork, renderPodNetwork } from '../manifests/pod-network.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

/** What libcni reads in its directory (containernetworking/cni libcni/conf.go). */
const configurationNames = /\.(conf|conflist|json)$/;

/** Writes a CNI configuration, never over one that is there, whoever made it. */
export const cniPhase: Phase<InitContext> = {
  name: 'cni',
  summary: 'write a network for pods, where --cni asks for one',
  skip: ({ cni }) => (cni === undefined ? '--cni bridge would write a network for pods' : undefined),
  run: async (context) => {
    const { host, paths, config, report } = context;
    const network = podNetwork(config, paths);
    const wanted = await networkText(context, network);
    const { file, bridge, because } = network;
    const what = `bridge ${bridge} for ${network.subnets.map(formatCidr).join(', ')}: ${because}`;
    const others = await otherNetworks(context, network);
    const plan = planNetworkFile(what, { others, wanted, present: await host.readText(file) });
    const tell = (action: string, why: string) => report.item({ item: basename(file), action, because: why });
    if (plan.do === 'keep') return tell('keep', plan.because);
    await host.makeDirectory(dirname(file));
    if (await host.createFile(file, wanted)) tell('create', plan.because);
    else tell('keep', 'somebody has just made it');
  },
};

/** Renders it for nothing, so that a mistake in a template is refused before anything is touched. */
export async function refuseNetworkMistakes(context: InitContext): Promise<void> {
  if (context.cni !== undefined) await networkText(context, podNetwork(context.config, context.paths));
}

function networkText({ host, paths, templatesDirectory }: InitContext, network: PodNetwork): Promise<string> {
  return renderPodNetwork(host, network, { paths, templatesDirectory });
}

/** The files of others that say what network pods get. */
export async function otherNetworks(
  { host }: Pick<InitContext, 'host'>,
  { file }: Pick<PodNetwork, 'file'>,
): Promise<readonly string[]> {
  const names = (await host.list(dirname(file))) ?? [];
  return names.filter((name) => configurationNames.test(name) && name !== basename(file)).toSorted();
}

/** Whether the file is written: only where there is no configuration at all. */
function planNetworkFile(
  what: string,
  found: {
    readonly others: readonly string[];
    readonly wanted: string;
    readonly present: string | undefined;
  },
): { readonly do: 'create' | 'keep'; readonly because: string } {
  const { others, wanted, present } = found;
  if (others.length > 0) return { do: 'keep', because: `there is a network already: ${others.join(', ')}` };
  if (present === undefined) return { do: 'create', because: what };
  if (present === wanted) return { do: 'keep', because: what };
  return { do: 'keep', because: 'it is another than this configuration makes; remove it to have that one' };
}
