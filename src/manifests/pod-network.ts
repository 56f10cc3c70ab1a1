import { join } from 'node:path';
import { errorsOf } from '../base/diagnostics.ts';
import { UsageError } from '../base/errors.ts';
import { sha256Hex } from '../base/hash.ts';
import { firstNodeNetworks } from '../config/node-networks.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { HostFiles } from '../host/host.ts';
import { type Cidr, formatCidr, parseCidrs } from '../kube/cidr.ts';
import { parseYaml } from '../kube/yaml.ts';
import { plainView } from './plain-values.ts';
import { templateEngine } from './template-engine.ts';
import { readNetworkTemplate } from './templates.ts';

/** A network for the pods of one machine, as CNI takes it: a bridge that the machine routes for. */
export type PodNetwork = {
  readonly file: string;
  readonly name: string;
  readonly bridge: string;
  readonly subnets: readonly Cidr[];
  /** Why these. */
  readonly because: string;
};

/** Programs that the configuration names, and `loopback`, which runtimes run for every pod (containerd pkg/cri). */
export const networkPlugins: readonly string[] = ['bridge', 'host-local', 'portmap', 'firewall', 'loopback'];

/** Where no podSubnet is configured: what most examples of Kubernetes have there. */
const customarySubnet = '10.244.0.0/24';

/**
 * The network of this control plane's machine. A root directory of its own has a bridge of its own, since an interface's
 * name is the machine's.
 */
export function podNetwork(config: Pick<Config, 'cluster'>, paths: Pick<Paths, 'root' | 'networksDir'>): PodNetwork {
  const configured = firstNodeNetworks(config);
  const [subnets, because] =
    configured.length > 0
      ? [configured, `the first node's part of podSubnet ${config.cluster.networking.podSubnet}`]
      : [parseCidrs(customarySubnet) ?? [], 'podSubnet is not set'];
  const suffix = sha256Hex(paths.root).slice(0, 8);
  // An interface's name has at most 15 bytes (linux/if.h IFNAMSIZ).
  const names =
    paths.root === '/'
      ? { name: 'bootstrap', bridge: 'cni0' }
      : { name: `bootstrap-${suffix}`, bridge: `cni-${suffix}` };
  // libcni takes the first file by name.
  return { ...names, file: join(paths.networksDir, '10-bootstrap.conflist'), subnets, because };
}

/** The text of its configuration, from the template. Throws UsageError for a mistake in a template of the user's. */
export async function renderPodNetwork(
  host: Pick<HostFiles, 'readText' | 'list' | 'stat'>,
  network: PodNetwork,
  { paths, templatesDirectory }: { readonly paths: Paths; readonly templatesDirectory?: string | undefined },
): Promise<string> {
  const template = await readNetworkTemplate(host, templatesDirectory);
  const { view, restore } = plainView({
    name: network.name,
    bridge: network.bridge,
    dataDir: paths.networkLeasesDir,
    networks: network.subnets.map((cidr) => ({
      subnet: formatCidr(cidr),
      everywhere: cidr.family === 4 ? '0.0.0.0/0' : '::/0',
    })),
  });
  const engine = await templateEngine(new Map());
  const { documents, findings } = parseYaml(engine.render(template, view), template.path);
  const [document] = documents;
  if (errorsOf(findings).length > 0 || document === undefined) {
    throw new UsageError(`${template.path} makes no valid JSON`, { findings: errorsOf(findings) });
  }
  return `${JSON.stringify(restore(document.value), undefined, 2)}\n`;
}
