import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import type { HostFiles } from '../../host/host.ts';
import { applyKubeconfigs } from '../../kubeconfig/apply.ts';
import { kubeconfigs } from '../../kubeconfig/kubeconfigs.ts';
import { applyCertificates } from '../../pki/apply.ts';
import { certificatesOf } from '../../pki/certificates.ts';
import { type KeySource, parsePrivateKey } from '../../pki/keys.ts';
import { type CertificatePlan, planCertificates } from '../../pki/plan.ts';
import { type CertificateItem, pairPaths } from '../../pki/planned.ts';
import { readAuthority } from '../../pki/read-authority.ts';
import { readCertificateFiles } from '../../pki/store.ts';
import type { Reissue } from '../plan/plan-pki.ts';

/** A file as it is to be written. */
export type NewFile = { readonly path: string; readonly data: string; readonly mode: number };

type Tools = {
  readonly host: Pick<HostFiles, 'readText' | 'stat'>;
  readonly config: Config;
  readonly paths: Paths;
  /** Milliseconds since the epoch: the start of the validity, but for the backdating. */
  readonly now: number;
  readonly keys: KeySource;
};

/**
 * Makes the certificates and kubeconfigs that a plan wants anew, signed by the CAs on the disk. Writes nothing: gives the
 * files in the order to write them, a key before its certificate. Throws OperationError when a CA cannot sign.
 */
export async function issueAnew(reissue: readonly Reissue[], tools: Tools): Promise<readonly NewFile[]> {
  const made: NewFile[] = [];
  const host = {
    makeDirectory: async () => {},
    writeFile: async (path: string, data: string | Uint8Array, { mode }: { readonly mode: number }) => {
      made.push({ path, data: String(data), mode });
    },
  };
  const to = { ...tools, host };
  await applyCertificates(await certificatesFor(reissue, tools), to);
  const authority = () => readAuthority(tools.host, authorityPaths(tools));
  await applyKubeconfigs({ items: kubeconfigsFor(reissue, tools) }, { ...to, authority });
  const wanted = new Set(reissue.flatMap(({ paths }) => paths));
  return made.filter(({ path }) => wanted.has(path));
}

async function certificatesFor(
  reissue: readonly Reissue[],
  { host, config, paths, now }: Tools,
): Promise<CertificatePlan> {
  const files = await readCertificateFiles(host, paths.certificatesDir);
  const { authorities } = planCertificates({ config, paths, files, now, only: [] });
  const items = reissue.flatMap(({ kind, name, file, because, paths: replaced }): readonly CertificateItem[] => {
    const spec = certificatesOf(config).find((candidate) => candidate.name === name);
    if (kind !== 'certificate' || spec === undefined) return [];
    const pair = pairPaths({ paths }, spec);
    const key = replaced.includes(pair.key) ? undefined : parsePrivateKey(files.get(pair.key)?.text ?? '');
    return [{ kind, name, file, action: 'create', because, spec, paths: pair, key, certificate: undefined }];
  });
  return { items, authorities, findings: [] };
}

function kubeconfigsFor(reissue: readonly Reissue[], { paths }: Tools) {
  return reissue.flatMap(({ kind, name, file, because }) => {
    const spec = kubeconfigs.find((candidate) => candidate.name === name);
    if (kind !== 'kubeconfig' || spec === undefined) return [];
    return [{ name, file, path: spec.path(paths), action: 'create' as const, because, spec }];
  });
}

function authorityPaths({ config, paths }: Tools) {
  const spec = certificatesOf(config).find(({ name }) => name === 'ca');
  if (spec === undefined) throw new Error('the table of certificates has no ca');
  return pairPaths({ paths }, spec);
}
