import type { HostNetwork } from '../../host/host.ts';
import { isGlobalUnicast, isLoopbackIp, parseIp } from '../../kube/cidr.ts';
import { isDnsSubdomain, isLabelValue, isQualifiedName } from '../../kube/names.ts';
import { globalAddresses } from '../../kube/own-addresses.ts';
import type { Path } from '../../kube/yaml.ts';
import type { Config } from '../types.ts';
import { flagArgumentsAreNamed, isPort } from './common-rules.ts';
import type { Rule, Tell } from './rule.ts';

const nodeNameIsASubdomain: Rule = ({ init }, { InitConfiguration: tell }) => {
  const { name } = init.nodeRegistration;
  if (isDnsSubdomain(name)) return;
  const hint = 'letters a-z, digits, `-` and `.`; set nodeRegistration.name or --node-name';
  tell.error(
    ['nodeRegistration', 'name'],
    name === '' ? 'the machine has no host name' : `\`${name}\` is no DNS-1123 subdomain`,
    hint,
  );
};

/** Without a default route and with several addresses it is the user's choice. */
export function advertiseAddressIsFound(host: Pick<HostNetwork, 'addresses'>, { init }: Config, tell: Tell): void {
  if (init.localAPIEndpoint.advertiseAddress !== '') return;
  const flag = 'localAPIEndpoint.advertiseAddress or --apiserver-advertise-address';
  const own = globalAddresses(host).map(({ name, address }) => `${address} (${name})`);
  tell.InitConfiguration.error(
    ['localAPIEndpoint', 'advertiseAddress'],
    'this machine has no default route to take the address from',
    own.length === 0
      ? `it has no address that others reach either: give it one, or set ${flag} to 127.0.0.1 for a plane by itself`
      : `set ${flag} to one of its own: ${own.join(', ')}`,
  );
}

const advertiseAddressIsUsable: Rule = ({ init }, { InitConfiguration: tell }) => {
  const { advertiseAddress } = init.localAPIEndpoint;
  const path = ['localAPIEndpoint', 'advertiseAddress'];
  const hint = 'set localAPIEndpoint.advertiseAddress or --apiserver-advertise-address to an address of this machine';
  const address = parseIp(advertiseAddress);
  // That there is none to be found has words of its own.
  if (advertiseAddress === '') return;
  if (address === undefined) tell.error(path, `\`${advertiseAddress}\` is no IP address`, hint);
  else if (isLoopbackIp(address))
    tell.warn(path, `${advertiseAddress} is a loopback address: no other machine can join`);
  else if (!isGlobalUnicast(address)) {
    tell.error(
      path,
      `${advertiseAddress} cannot be advertised: it is a multicast, link-local or broadcast address`,
      hint,
    );
  }
};

const bindPortIsAPort: Rule = ({ init }, { InitConfiguration: tell }) => {
  const { bindPort } = init.localAPIEndpoint;
  if (!isPort(bindPort)) tell.error(['localAPIEndpoint', 'bindPort'], `${bindPort} is no port: 1 to 65535`);
};

const criSocketIsAUnixSocket: Rule = ({ init }, { InitConfiguration: tell }, documents) => {
  const path = ['nodeRegistration', 'criSocket'];
  const { criSocket } = init.nodeRegistration;
  if (criSocket !== undefined && !/^unix:\/\/\/./.test(criSocket)) {
    tell.error(path, `\`${criSocket}\` is no unix socket`, 'such as unix:///var/run/containerd/containerd.sock');
  }
  const given = documents.InitConfiguration?.nodeRegistration?.criSocket;
  if (given?.startsWith('/')) tell.warn(path, `\`${given}\` is taken as \`unix://${given}\``, 'write it so');
};

const taintsAreWellFormed: Rule = ({ init }, { InitConfiguration: tell }) => {
  for (const [index, { key, value = '', effect }] of (init.nodeRegistration.taints ?? []).entries()) {
    const path = ['nodeRegistration', 'taints', index];
    if (!isQualifiedName(key)) tell.error([...path, 'key'], `\`${key}\` is no qualified name`);
    if (!isLabelValue(value)) tell.error([...path, 'value'], `\`${value}\` is no label value`);
    if (effect === '') tell.error([...path, 'effect'], 'missing: NoSchedule, PreferNoSchedule or NoExecute');
  }
};

const kubeletArgumentsAreNamed: Rule = ({ init }, { InitConfiguration: tell }) =>
  flagArgumentsAreNamed(init.nodeRegistration.kubeletExtraArgs, ['nodeRegistration', 'kubeletExtraArgs'], tell.error);

const tokensAreWellFormed: Rule = ({ init }, { InitConfiguration: tell }) => {
  const firstOf = new Map<string, number>();
  for (const [index, { token }] of init.bootstrapTokens.entries()) {
    const path = ['bootstrapTokens', index, 'token'];
    const id = token.slice(0, 6);
    // The token itself stays out of the message: it is a secret.
    if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) {
      tell.error(path, 'is no bootstrap token', '6 and 16 characters a-z, 0-9 with a dot between');
    } else if (firstOf.has(id)) {
      tell.error(
        path,
        `has the token ID of bootstrapTokens[${firstOf.get(id)}]`,
        'token IDs (before the dot) must differ',
      );
    } else {
      firstOf.set(id, index);
    }
  }
};

const tokensEndOnceAndNotBefore: Rule = ({ init }, { InitConfiguration: tell }) => {
  for (const [index, { ttlMs, expires }] of init.bootstrapTokens.entries()) {
    const path = ['bootstrapTokens', index];
    if (ttlMs !== undefined && expires !== undefined)
      tell.error([...path, 'expires'], 'cannot be given together with ttl');
    if (ttlMs !== undefined && ttlMs < 0) tell.error([...path, 'ttl'], 'must not be negative; 0 never expires');
  }
};

const tokenGroupsAreBootstrappers: Rule = ({ init }, { InitConfiguration: tell }, documents) => {
  for (const [index, { groups, usages }] of init.bootstrapTokens.entries()) {
    const path: Path = ['bootstrapTokens', index, 'groups'];
    const given = documents.InitConfiguration?.bootstrapTokens?.[index]?.groups ?? [];
    if (given.length > 0 && !usages.includes('authentication'))
      tell.error(path, 'need `authentication` among the usages');
    for (const [place, group] of groups.entries()) {
      if (/^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/.test(group)) continue;
      tell.error(
        [...path, place],
        `\`${group}\` must begin with \`system:bootstrappers:\` and go on with a-z, 0-9, \`:\`, \`-\``,
      );
    }
  }
};

const certificateKeyIsAnAesKey: Rule = ({ init }, { InitConfiguration: tell }) => {
  const key = init.certificateKey;
  if (key === undefined || /^[0-9a-fA-F]{64}$/.test(key)) return;
  tell.error(['certificateKey'], 'is no AES key of 32 bytes', '64 hexadecimal digits');
};

const timeoutsArePositive: Rule = ({ init }, { InitConfiguration: tell }) => {
  for (const [name, ms] of Object.entries(init.timeouts)) {
    if (ms <= 0) tell.error(['timeouts', name.replace(/Ms$/, '')], 'must be longer than 0s');
  }
};

const allIgnoredChecksAreAlone: Rule = ({ init }, { InitConfiguration: tell }) => {
  const { ignorePreflightErrors: checks } = init.nodeRegistration;
  if (!checks.includes('all') || checks.length === 1) return;
  const others = checks.filter((check) => check !== 'all').join(', ');
  tell.error(['nodeRegistration', 'ignorePreflightErrors'], `\`all\` must stand alone, not beside ${others}`);
};

/** What must hold of the InitConfiguration, but for what a look at the disk says. */
export const nodeRules: readonly Rule[] = [
  nodeNameIsASubdomain,
  advertiseAddressIsUsable,
  bindPortIsAPort,
  criSocketIsAUnixSocket,
  taintsAreWellFormed,
  kubeletArgumentsAreNamed,
  tokensAreWellFormed,
  tokensEndOnceAndNotBefore,
  tokenGroupsAreBootstrappers,
  certificateKeyIsAnAesKey,
  timeoutsArePositive,
  allIgnoredChecksAreAlone,
];
