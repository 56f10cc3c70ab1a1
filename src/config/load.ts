import type { Finding } from '../base/diagnostics.ts';
import { errorsOf, renderFinding } from '../base/diagnostics.ts';
import { messageOf, UsageError } from '../base/errors.ts';
import type { HostFiles } from '../host/host.ts';
import type { Path } from '../kube/yaml.ts';
import { pathText } from '../kube/yaml.ts';
import { bootstrapWithDefaults, initWithDefaults, resetWithDefaults } from './defaults.ts';
import { clusterWithDefaults } from './defaults-cluster.ts';
import type { DetectHost } from './detect.ts';
import { detectFacts } from './detect.ts';
import type { ReadDocuments } from './documents.ts';
import { readDocuments } from './documents.ts';
import type { ConfigFlags } from './flags.ts';
import { applyFlags, flagOf, mixingFindings } from './flags.ts';
import type { Documents, Kind } from './kinds.ts';
import { kinds } from './kinds.ts';
import { bootstrapRules } from './rules/bootstrap-rules.ts';
import { clusterRules } from './rules/cluster-rules.ts';
import { componentRules } from './rules/component-rules.ts';
import { etcdRules } from './rules/etcd-rules.ts';
import { networkingRules } from './rules/networking-rules.ts';
import { advertiseAddressIsFound, nodeRules } from './rules/node-rules.ts';
import type { Rule, Tell } from './rules/rule.ts';
import type { Config } from './types.ts';

export type LoadInput = {
  readonly host: DetectHost & Pick<HostFiles, 'readText' | 'stat'>;
  /** The file of `--config`. */
  readonly file?: string;
  readonly flags: ConfigFlags;
  readonly rootDir: string;
};

const rules: readonly Rule[] = [
  ...nodeRules,
  ...networkingRules,
  ...clusterRules,
  ...etcdRules,
  ...bootstrapRules,
  ...componentRules,
];

/**
 * The configuration from file, flags, defaults and the machine, frozen; warnings are in it. Throws UsageError with all
 * findings when one of them is an error. The network is never asked.
 */
export async function loadConfig(input: LoadInput): Promise<Config> {
  const { config, findings } = await checkConfig(input);
  const errors = errorsOf(findings);
  if (errors.length === 0) return config;
  const what = errors.length === 1 ? 'an error' : `${errors.length} errors`;
  throw new UsageError(`the configuration has ${what}`, { findings });
}

/** The configuration as far as it can be read, and everything found wrong with it; for `config validate`. */
export async function checkConfig(
  input: LoadInput,
): Promise<{ readonly config: Config; readonly findings: readonly Finding[] }> {
  const { host, file, flags } = input;
  const read = file === undefined ? nothingRead : await readFile(host, file);
  const findings: Finding[] = [...read.findings, ...mixingFindings(flags, file)];
  const documents = applyFlags(read.documents, flags, findings);
  const unwarned = await configOf(input, documents, read);
  const tell = tellerOf(findings, { file, flags, sources: read.sources });
  for (const rule of rules) rule(unwarned, tell, documents);
  advertiseAddressIsFound(host, unwarned, tell);
  await patchesAreADirectory(host, unwarned, tell);
  const warnings = findings.filter(({ severity }) => severity === 'warning').map(renderFinding);
  return { config: deepFreeze({ ...unwarned, warnings }), findings: inOrder(findings) };
}

const nothingRead: ReadDocuments = { documents: {}, sources: {}, findings: [] };

async function readFile(host: Pick<HostFiles, 'readText'>, file: string): Promise<ReadDocuments> {
  const unreadable = (message: string): ReadDocuments => ({
    ...nothingRead,
    findings: [{ severity: 'error', file, message }],
  });
  try {
    const text = await host.readText(file);
    return text === undefined ? unreadable('there is no such file') : readDocuments(text, file);
  } catch (thrown) {
    return unreadable(`cannot be read: ${messageOf(thrown)}`);
  }
}

async function configOf({ host, file }: LoadInput, documents: Documents, read: ReadDocuments): Promise<Config> {
  const facts = await detectFacts(host, documents, file);
  const init = initWithDefaults(documents.InitConfiguration, facts);
  return {
    init,
    cluster: clusterWithDefaults(documents, init.localAPIEndpoint.bindPort),
    bootstrap: bootstrapWithDefaults(documents.BootstrapConfiguration, facts.imageArchives),
    reset: resetWithDefaults(documents.ResetConfiguration),
    kubelet: given(read, 'KubeletConfiguration'),
    kubeProxy: given(read, 'KubeProxyConfiguration'),
    warnings: [],
  };
}

function given(read: ReadDocuments, kind: Kind): Readonly<Record<string, unknown>> | undefined {
  const value = read.sources[kind]?.value;
  return value === undefined ? undefined : (value as Readonly<Record<string, unknown>>);
}

type Origin = {
  readonly file: string | undefined;
  readonly flags: ConfigFlags;
  readonly sources: ReadDocuments['sources'];
};

function tellerOf(findings: Finding[], { file, flags, sources }: Origin): Tell {
  const place = (kind: Kind, path: Path): Partial<Finding> => {
    const flag = flagOf(flags, kind, path);
    if (flag !== undefined) return { path: flag };
    return { ...(file !== undefined && { file }), ...sources[kind]?.position(path), path: pathText(path) };
  };
  // What could not be decoded is absent for the rules; that it is missing shall not be said as well.
  const known = new Set(findings.filter(({ line }) => line !== undefined).map(placeKey));
  const sayer = (kind: Kind, severity: Finding['severity']) => (path: Path, message: string, hint?: string) => {
    const finding = { severity, ...place(kind, path), message, ...(hint === undefined ? {} : { hint }) };
    if (!known.has(placeKey(finding))) findings.push(finding);
  };
  const tellers = Object.keys(kinds).map((kind) => [
    kind,
    { error: sayer(kind as Kind, 'error'), warn: sayer(kind as Kind, 'warning') },
  ]);
  return Object.fromEntries(tellers) as Tell;
}

function placeKey({ line, column, path }: Finding): string {
  return `${line}:${column}:${path}`;
}

async function patchesAreADirectory(host: Pick<HostFiles, 'stat'>, config: Config, tell: Tell): Promise<void> {
  const { patchesDirectory } = config.init;
  if (patchesDirectory === undefined) return;
  const found = await host.stat(patchesDirectory);
  if (found?.kind === 'directory') return;
  const message = found === undefined ? 'is not there' : 'is no directory';
  tell.InitConfiguration.error(['patches', 'directory'], `${patchesDirectory} ${message}`);
}

/** As the file has them; what has no line comes first. */
function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
