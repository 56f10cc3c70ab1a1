import { dirname, join, resolve } from 'node:path';
import { parseDuration } from '../base/duration.ts';
import type { HostFiles, HostMachine, HostNetwork } from '../host/host.ts';
import { formatIp, isGlobalUnicast, isLoopbackIp, isUnspecifiedIp, parseCidrs, parseIp } from '../kube/cidr.ts';
import { mainAddress } from '../kube/own-addresses.ts';
import { defaultTokenGroup, defaultTokenTtlMs } from './constants.ts';
import type { DetectedFacts } from './defaults.ts';
import type { Documents } from './kinds.ts';
import type { BootstrapToken } from './types.ts';

export type DetectHost = Pick<HostNetwork, 'addresses' | 'defaultInterface'> &
  Pick<HostMachine, 'env' | 'homeDirectory' | 'hostname' | 'randomBytes' | 'workingDirectory'> &
  Pick<HostFiles, 'stat'>;

/** What the documents leave to the machine: node name, addresses, tokens, directories. `file` is the configuration file. */
export async function detectFacts(
  host: DetectHost,
  documents: Documents,
  file: string | undefined,
): Promise<DetectedFacts> {
  const { InitConfiguration: init, ClusterConfiguration: cluster } = documents;
  const besideFile = file === undefined ? host.workingDirectory() : dirname(resolve(host.workingDirectory(), file));
  const patches = init?.patches?.directory;
  return {
    // Lower case and without space around, as the kubelet's (component-helpers nodeutil.GetHostname).
    nodeName: (init?.nodeRegistration?.name?.trim() || host.hostname().trim()).toLowerCase(),
    advertiseAddress: await chooseAdvertiseAddress(
      host,
      init?.localAPIEndpoint?.advertiseAddress,
      cluster?.networking?.serviceSubnet,
    ),
    bootstrapTokens: tokensOf(host, init?.bootstrapTokens),
    imageArchives: await imageArchives(host, documents.BootstrapConfiguration?.images?.archives, besideFile),
    patchesDirectory: patches ? resolve(host.workingDirectory(), patches) : undefined,
  };
}

/**
 * The address as given, in its one form; else that of the default route's interface, of the family of the service
 * subnet first and IPv4 where none is set; else a global one on the loopback interface (apimachinery util/net
 * ChooseHostInterface); without a default route the only one that there is. Empty when there is none or a choice: a rule
 * says what to set.
 */
async function chooseAdvertiseAddress(
  host: DetectHost,
  given: string | undefined,
  serviceSubnet: string | undefined,
): Promise<string> {
  const address = given ? parseIp(given) : undefined;
  if (given && address === undefined) return given;
  if (address !== undefined && !isUnspecifiedIp(address)) return formatIp(address);
  const first = address?.family ?? (serviceSubnet ? parseCidrs(serviceSubnet)?.[0]?.family : undefined) ?? 4;
  for (const family of first === 4 ? ([4, 6] as const) : ([6, 4] as const)) {
    const found = await addressOfFamily(host, family);
    if (found !== undefined) return found;
  }
  return '';
}

/** Of the default route's interface, or the only one; where that interface has none, a global one on the loopback interface. */
async function addressOfFamily(host: DetectHost, family: 4 | 6): Promise<string | undefined> {
  const main = await mainAddress(host, family);
  if (main !== undefined || (await host.defaultInterface(family)) === undefined) return main?.address;
  return host.addresses().find((own) => {
    const parsed = parseIp(own.address);
    return (
      own.loopback && own.family === family && parsed !== undefined && isGlobalUnicast(parsed) && !isLoopbackIp(parsed)
    );
  })?.address;
}

type GivenTokens = NonNullable<Documents['InitConfiguration']>['bootstrapTokens'];

/** One token when none is given; a token without its secret gets a random one (kubeadm SetBootstrapTokensDynamicDefaults). */
function tokensOf(host: DetectHost, given: GivenTokens = []): readonly BootstrapToken[] {
  return (given.length === 0 ? [{}] : given).map(({ token, description, ttl, expires, usages, groups }) => ({
    ...(token ? { token } : { token: randomToken(host), generated: true as const }),
    description: description ?? '',
    ttlMs: ttl === undefined ? (expires === undefined ? defaultTokenTtlMs : undefined) : parseDuration(ttl),
    expires,
    usages: usages?.length ? usages : ['signing', 'authentication'],
    groups: groups?.length ? groups : [defaultTokenGroup],
  }));
}

/** `[a-z0-9]{6}.[a-z0-9]{16}`; bytes from 252 on would make some letters likelier (cluster-bootstrap token/util). */
export function randomToken(host: Pick<HostMachine, 'randomBytes'>): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let token = '';
  while (token.length < 22) {
    for (const byte of host.randomBytes(32)) if (byte < 252) token += letters[byte % 36];
  }
  return `${token.slice(0, 6)}.${token.slice(6, 22)}`;
}

/** As configured, relative to the configuration file; else the user's cache directory where it exists. */
async function imageArchives(
  host: DetectHost,
  given: readonly string[] | undefined,
  besideFile: string,
): Promise<readonly string[]> {
  if (given !== undefined) return given.map((directory) => resolve(besideFile, directory));
  const cache = host.env('XDG_CACHE_HOME') || join(host.homeDirectory(), '.cache');
  const directory = join(cache, 'kube-bootstrap', 'images');
  return (await host.stat(directory))?.kind === 'directory' ? [directory] : [];
}
