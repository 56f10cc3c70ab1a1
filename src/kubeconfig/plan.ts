import { dirname, resolve } from 'node:path';
import { errorsOf, type Finding } from '../base/diagnostics.ts';
import { messageOf } from '../base/errors.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { CaState } from '../pki/certificate-authority.ts';
import { inspectPair, isSignedBy, modeFindings, parseCertificates, validity } from '../pki/inspect.ts';
import type { FoundFile, FoundFiles } from '../pki/store.ts';
import { type Kubeconfig, parseKubeconfig } from './kubeconfig.ts';
import { type KubeconfigSpec, kubeconfigFile, kubeconfigs } from './kubeconfigs.ts';

export type KubeconfigItem = {
  readonly name: string;
  /** As shown: `admin.conf`. */
  readonly file: string;
  readonly path: string;
  readonly action: 'keep' | 'create';
  readonly because: string;
  readonly spec: KubeconfigSpec;
};

export type KubeconfigPlan = {
  readonly items: readonly KubeconfigItem[];
  readonly authority: CaState;
  readonly findings: readonly Finding[];
};

export type KubeconfigFacts = {
  readonly config: Config;
  readonly paths: Paths;
  /** The kubeconfigs, and the files that they refer to, as found. */
  readonly files: FoundFiles;
  readonly authority: CaState;
  /** The CA is made in the same run when it is absent. */
  readonly authorityPlanned: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Names of the items wanted; default all. */
  readonly only?: readonly string[];
};

/**
 * Decides for each kubeconfig whether it is kept or made. One that is there is never replaced: it is kept when it trusts
 * our CA (another server is a warning), else it is an error finding.
 */
export function planKubeconfigs(facts: KubeconfigFacts): KubeconfigPlan {
  const { authority, only } = facts;
  const specs = kubeconfigs.filter((spec) => only?.includes(spec.name) ?? true);
  const results = specs.map((spec) => planOne(spec, facts));
  const unready = facts.authorityPlanned ? [] : authorityFindings(authority);
  return {
    items: results.flatMap(({ item }) => (item === undefined ? [] : [item])),
    authority,
    findings: [...unready, ...results.flatMap(({ findings }) => findings)],
  };
}

function authorityFindings({ state, paths, findings }: CaState): readonly Finding[] {
  if (state !== 'absent') return findings;
  const hint = 'run `bootstrap init phase certs ca` first';
  return [{ severity: 'error', file: paths.crt, message: 'is not there, and kubeconfigs are signed by it', hint }];
}

type Result = { readonly item: KubeconfigItem | undefined; readonly findings: readonly Finding[] };

function planOne(spec: KubeconfigSpec, facts: KubeconfigFacts): Result {
  const path = spec.path(facts.paths);
  const base = { name: spec.name, file: kubeconfigFile(spec, facts.paths), path, spec };
  const found = facts.files.get(path);
  if (found !== undefined) return planFound(base, found, facts);
  const { state, paths } = facts.authority;
  if (state !== 'external') return { item: { ...base, action: 'create', because: 'not there' }, findings: [] };
  const message = `is missing, and ${paths.key} is not here to sign its certificate`;
  const hint = `supply ${path}, or the CA's key`;
  return { item: undefined, findings: [{ severity: 'error', file: path, message, hint }] };
}

function planFound(base: Omit<KubeconfigItem, 'action' | 'because'>, found: FoundFile, facts: KubeconfigFacts): Result {
  const findings: Finding[] = [...modeFindings(base.path, found)];
  const hint = `delete ${base.path} and run \`bootstrap init phase kubeconfig ${base.name}\``;
  const kubeconfig = read(found);
  if (typeof kubeconfig === 'string') {
    findings.push({ severity: 'error', file: base.path, message: kubeconfig, hint });
    return { item: undefined, findings };
  }
  if (!trusts(kubeconfig, base.path, facts)) {
    const { state, paths } = facts.authority;
    const message = state === 'absent' ? `is there, but ${paths.crt} is not` : `does not trust the CA in ${paths.crt}`;
    findings.push({ severity: 'error', file: base.path, message, hint });
  }
  const server = base.spec.server(facts.config);
  const client = inspectClient(kubeconfig, facts);
  const warnings = [
    ...(kubeconfig.server === server ? [] : [`points at ${kubeconfig.server}, not at ${server}`]),
    ...client.problems,
  ];
  findings.push(...warnings.map((message) => ({ severity: 'warning', file: base.path, message, hint }) as const));
  const item =
    errorsOf(findings).length > 0 ? undefined : ({ ...base, action: 'keep', because: client.because } as const);
  return { item, findings };
}

function read(found: FoundFile): Kubeconfig | string {
  if (found.problem !== undefined) return found.problem;
  try {
    return parseKubeconfig(found.text, 'it');
  } catch (thrown) {
    return messageOf(thrown).replace(/^it: /, '');
  }
}

// The first certificate of the kubeconfig must be one of the CA's file (kubeadm validateKubeConfig).
function trusts(kubeconfig: Kubeconfig, path: string, { authority, files }: KubeconfigFacts): boolean {
  if (authority.state === 'broken') return true;
  const file = kubeconfig.caFile === undefined ? undefined : resolve(dirname(path), kubeconfig.caFile);
  const pem = kubeconfig.ca ?? (file === undefined ? undefined : files.get(file)?.text) ?? '';
  const [first] = parseCertificates(pem);
  return first !== undefined && authority.certificates.some(({ raw }) => raw.equals(first.raw));
}

/** Beyond kubeadm, which trusts the client certificate: one that cannot work is said. */
function inspectClient(
  kubeconfig: Kubeconfig,
  { authority, now }: KubeconfigFacts,
): { readonly because: string; readonly problems: readonly string[] } {
  const because = 'it trusts our CA';
  const { clientCertificate, clientKey } = kubeconfig;
  if (clientCertificate === undefined) return { because, problems: [] };
  const asFile = (text: string) => ({ text, mode: 0o600 });
  const pair = inspectPair(
    { crt: 'its client-certificate-data', key: 'its client-key-data' },
    { crt: asFile(clientCertificate), key: clientKey === undefined ? undefined : asFile(clientKey) },
  );
  const [certificate, ...intermediates] = pair.certificates;
  const problems = pair.findings.map(({ file, message }) => `${file} ${message}`);
  if (certificate === undefined) return { because, problems };
  const period = validity(certificate, now);
  if (period.problem !== undefined) problems.push(`its client certificate ${period.problem}`);
  if (authority.certificates.length > 0 && !isSignedBy(certificate, intermediates, authority.certificates)) {
    problems.push(`its client certificate is not signed by the CA in ${authority.paths.crt}`);
  }
  return { because: period.because, problems };
}
