import type { Finding } from '../base/diagnostics.ts';
import type { Path } from '../kube/yaml.ts';
import { decode, isMapping } from './decode.ts';
import type { Documents, Kind } from './kinds.ts';
import { kinds } from './kinds.ts';

type Text = string | undefined;
type TextList = readonly string[] | undefined;

/** The flags of `init` as the command line gives them; absent = not given. kubeadm's names in camel case, then ours. */
export type ConfigFlags = {
  readonly apiserverAdvertiseAddress?: Text;
  readonly apiserverBindPort?: string | number | undefined;
  readonly apiserverCertExtraSans?: TextList;
  readonly certDir?: Text;
  readonly certificateKey?: Text;
  readonly controlPlaneEndpoint?: Text;
  readonly criSocket?: Text;
  readonly dryRun?: boolean | undefined;
  /** `Name=true,Other=false`. */
  readonly featureGates?: Text;
  readonly ignorePreflightErrors?: TextList;
  readonly imageRepository?: Text;
  readonly kubernetesVersion?: Text;
  readonly nodeName?: Text;
  readonly patches?: Text;
  readonly podNetworkCidr?: Text;
  readonly serviceCidr?: Text;
  readonly serviceDnsDomain?: Text;
  readonly skipPhases?: TextList;
  readonly token?: Text;
  readonly tokenTtl?: Text;
  readonly runtime?: Text;
  readonly runtimeEndpoint?: Text;
};

type FlagField = {
  readonly flag: keyof ConfigFlags;
  readonly kind: Kind;
  readonly path: Path;
  /** May be given beside `--config` (kubeadm.md 1.4). */
  readonly besideFile?: true;
};

const init = 'InitConfiguration';
const cluster = 'ClusterConfiguration';
const bootstrap = 'BootstrapConfiguration';

/** Which field each flag sets. */
export const flagFields: readonly FlagField[] = [
  { flag: 'apiserverAdvertiseAddress', kind: init, path: ['localAPIEndpoint', 'advertiseAddress'] },
  { flag: 'apiserverBindPort', kind: init, path: ['localAPIEndpoint', 'bindPort'] },
  { flag: 'apiserverCertExtraSans', kind: cluster, path: ['apiServer', 'certSANs'] },
  { flag: 'certDir', kind: cluster, path: ['certificatesDir'] },
  { flag: 'certificateKey', kind: init, path: ['certificateKey'], besideFile: true },
  { flag: 'controlPlaneEndpoint', kind: cluster, path: ['controlPlaneEndpoint'] },
  { flag: 'criSocket', kind: init, path: ['nodeRegistration', 'criSocket'], besideFile: true },
  { flag: 'dryRun', kind: init, path: ['dryRun'], besideFile: true },
  { flag: 'featureGates', kind: cluster, path: ['featureGates'] },
  { flag: 'ignorePreflightErrors', kind: init, path: ['nodeRegistration', 'ignorePreflightErrors'], besideFile: true },
  { flag: 'imageRepository', kind: cluster, path: ['imageRepository'] },
  { flag: 'kubernetesVersion', kind: cluster, path: ['kubernetesVersion'] },
  { flag: 'nodeName', kind: init, path: ['nodeRegistration', 'name'], besideFile: true },
  { flag: 'patches', kind: init, path: ['patches', 'directory'], besideFile: true },
  { flag: 'podNetworkCidr', kind: cluster, path: ['networking', 'podSubnet'] },
  { flag: 'serviceCidr', kind: cluster, path: ['networking', 'serviceSubnet'] },
  { flag: 'serviceDnsDomain', kind: cluster, path: ['networking', 'dnsDomain'] },
  { flag: 'skipPhases', kind: init, path: ['skipPhases'], besideFile: true },
  { flag: 'token', kind: init, path: ['bootstrapTokens', 0, 'token'] },
  { flag: 'tokenTtl', kind: init, path: ['bootstrapTokens', 0, 'ttl'] },
  { flag: 'runtime', kind: bootstrap, path: ['runtime', 'type'], besideFile: true },
  { flag: 'runtimeEndpoint', kind: bootstrap, path: ['runtime', 'endpoint'], besideFile: true },
];

/** The flags that set a field, out of all options of a command. */
export function configFlagsOf(options: Readonly<Record<string, unknown>>): ConfigFlags {
  const given = flagFields.filter(({ flag }) => options[flag] !== undefined);
  // What a flag may hold is checked when it is decoded into its field.
  return Object.fromEntries(given.map(({ flag }) => [flag, options[flag]])) as ConfigFlags;
}

/** `--pod-network-cidr` of `podNetworkCidr`. */
export function flagName(flag: keyof ConfigFlags): string {
  return `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The flag that set a field, if one did. */
export function flagOf(flags: ConfigFlags, kind: Kind, path: Path): string | undefined {
  const field = flagFields.find(
    (candidate) =>
      candidate.kind === kind &&
      flags[candidate.flag] !== undefined &&
      candidate.path.every((part, index) => part === path[index]),
  );
  return field && flagName(field.flag);
}

/** Flags that change what `--config` says are refused beside it, as by kubeadm (validation.go ValidateMixedArguments). */
export function mixingFindings(flags: ConfigFlags, file: string | undefined): readonly Finding[] {
  const mixed = flagFields.filter(({ flag, besideFile }) => flags[flag] !== undefined && besideFile !== true);
  if (file === undefined || mixed.length === 0) return [];
  const fields = mixed.map(({ kind, path }) => `${kind} ${path.join('.')}`).join(', ');
  const message = `cannot be given together with --config ${file}`;
  const names = mixed.map(({ flag }) => flagName(flag)).join(', ');
  return [{ severity: 'error', path: names, message, hint: `write it into the file: ${fields}` }];
}

/** The documents with the flags laid over them; what does not fit its field is a finding. */
export function applyFlags(documents: Documents, flags: ConfigFlags, findings: Finding[]): Documents {
  let result = withOwnEndpoint(documents, flags);
  for (const { flag, kind, path } of flagFields) {
    const given = flags[flag];
    if (given === undefined) continue;
    const nested = path.reduceRight<unknown>(
      (inner, part) => (typeof part === 'number' ? [inner] : { [part]: inner }),
      fieldValue(flag, given),
    );
    const decoded = decode(kinds[kind].type, nested, ({ message, hint }) =>
      findings.push({ severity: 'error', path: flagName(flag), message, ...(hint === undefined ? {} : { hint }) }),
    );
    result = { ...result, [kind]: overlay(result[kind] ?? {}, decoded) };
  }
  return withBothIgnoreLists(result, documents, flags);
}

/** Beside `--runtime` the file's endpoint of another type means nothing. */
function withOwnEndpoint(documents: Documents, { runtime, runtimeEndpoint }: ConfigFlags): Documents {
  const given = documents.BootstrapConfiguration;
  const { type } = given?.runtime ?? {};
  if (runtime === undefined || runtimeEndpoint !== undefined || type === undefined) return documents;
  if (type === 'auto' || type === runtime) return documents;
  return { ...documents, BootstrapConfiguration: { ...given, runtime: { type } } };
}

/** Checks to ignore add up: those of the file and those of the flag (kubeadm ValidateIgnorePreflightErrors). */
function withBothIgnoreLists(result: Documents, documents: Documents, flags: ConfigFlags): Documents {
  const given = documents.InitConfiguration?.nodeRegistration?.ignorePreflightErrors ?? [];
  if (flags.ignorePreflightErrors === undefined || given.length === 0) return result;
  const ignorePreflightErrors = [...given, ...flags.ignorePreflightErrors];
  return {
    ...result,
    InitConfiguration: overlay(result.InitConfiguration ?? {}, { nodeRegistration: { ignorePreflightErrors } }),
  };
}

function fieldValue(flag: keyof ConfigFlags, given: unknown): unknown {
  if (typeof given !== 'string') return given;
  if (flag === 'apiserverBindPort' && /^\d+$/.test(given)) return Number(given);
  return flag === 'featureGates' ? gatesOf(given) : given;
}

function gatesOf(text: string): Readonly<Record<string, unknown>> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=').map((part) => part.trim());
      return [name, /^(?:true|false)$/i.test(value) ? value.toLowerCase() === 'true' : value];
    }),
  );
}

/** Members of `over` win; maps are merged, a list of maps member by member, everything else is replaced. */
function overlay<T>(under: T, over: unknown): T {
  if (over === undefined) return under;
  if (Array.isArray(under) && Array.isArray(over) && over.every(isMapping)) {
    return over.map((member, index) => overlay<unknown>(under[index], member)) as T;
  }
  if (!isMapping(under) || !isMapping(over)) return over as T;
  const members = Object.entries(over).map(([name, value]) => [name, overlay(under[name], value)]);
  return { ...under, ...Object.fromEntries(members) } as T;
}
