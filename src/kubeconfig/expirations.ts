import { messageOf } from '../base/errors.ts';
import type { Paths } from '../config/paths.ts';
import type { HostFiles } from '../host/host.ts';
import { certificateFile, certificates } from '../pki/certificates.ts';
import { parseCertificates } from '../pki/inspect.ts';
import type { X509Certificate } from '../pki/x509.ts';
import { parseKubeconfig } from './kubeconfig.ts';
import { kubeconfigFile, kubeconfigs } from './kubeconfigs.ts';

/** When one certificate of the control plane ends. Names as `kubeadm certs check-expiration`; CAs have no `caName`. */
export type CertificateExpiration = {
  readonly name: string;
  /** Where it is, a kubeconfig for those that are embedded in one. */
  readonly file: string;
  readonly caName: string | undefined;
  readonly isCa: boolean;
  readonly missing: boolean;
  /** Why it cannot be read. */
  readonly problem?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  /** Whole days, negative when it has expired. */
  readonly residualDays?: number;
  /** Its CA's key is not on this machine, so it is renewed elsewhere. */
  readonly externallyManaged: boolean;
};

type Reader = Pick<HostFiles, 'readText' | 'stat'>;

/**
 * Reads when each certificate ends; `now` in milliseconds since the epoch. Etcd's are left out when the directory holds
 * none of them but a cluster CA, as with an external etcd. kubelet.conf is the kubelet's own business, as in kubeadm.
 */
export async function certificateExpirations(
  host: Reader,
  paths: Paths,
  now: number,
): Promise<readonly CertificateExpiration[]> {
  const external = new Set<string>();
  for (const spec of certificates.filter(({ ca }) => ca === undefined)) {
    const key = certificateFile(paths.certificatesDir, spec.baseName, 'key');
    if ((await host.stat(key)) === undefined) external.add(spec.name);
  }
  const fromFiles = await Promise.all(
    certificates.map(async (spec) => {
      const file = certificateFile(paths.certificatesDir, spec.baseName, 'crt');
      const base = { name: spec.name, file, caName: spec.ca, isCa: spec.ca === undefined };
      const read = await readOne(host, file, (text) => parseCertificates(text)[0]);
      return expiration({ ...base, externallyManaged: external.has(spec.ca ?? spec.name) }, read, now);
    }),
  );
  const fromKubeconfigs = await Promise.all(
    kubeconfigs
      .filter(({ name }) => name !== 'kubelet')
      .map(async (spec) => {
        const file = spec.path(paths);
        const base = { name: kubeconfigFile(spec, paths), file, caName: 'ca', isCa: false };
        const read = await readOne(host, file, (text) => clientCertificate(text, file));
        return expiration({ ...base, externallyManaged: external.has('ca') }, read, now);
      }),
  );
  return [...fromKubeconfigs, ...(isEtcdExternal(fromFiles) ? fromFiles.filter(isNotEtcd) : fromFiles)];
}

function isEtcdExternal(found: readonly CertificateExpiration[]): boolean {
  const hasCa = found.some(({ name, missing }) => name === 'ca' && !missing);
  return hasCa && found.every((entry) => entry.missing || isNotEtcd(entry));
}

function isNotEtcd({ name }: CertificateExpiration): boolean {
  return certificates.every((spec) => spec.name !== name || spec.etcd === undefined);
}

type Read = {
  readonly certificate?: X509Certificate | undefined;
  readonly problem?: string;
  readonly missing: boolean;
};

async function readOne(
  host: Reader,
  file: string,
  parse: (text: string) => X509Certificate | undefined,
): Promise<Read> {
  try {
    const text = await host.readText(file);
    if (text === undefined) return { missing: true };
    const certificate = parse(text);
    return certificate === undefined
      ? { missing: false, problem: 'holds no readable certificate' }
      : { missing: false, certificate };
  } catch (thrown) {
    return { missing: false, problem: messageOf(thrown) };
  }
}

function clientCertificate(text: string, file: string): X509Certificate | undefined {
  const { clientCertificate: pem } = parseKubeconfig(text, file);
  return parseCertificates(pem ?? '')[0];
}

function expiration(
  base: Omit<CertificateExpiration, 'missing'>,
  { certificate, problem, missing }: Read,
  now: number,
): CertificateExpiration {
  if (certificate === undefined) return { ...base, missing, ...(problem === undefined ? {} : { problem }) };
  const expiresAt = certificate.validToDate.getTime();
  return { ...base, missing, expiresAt, residualDays: Math.floor((expiresAt - now) / 86_400_000) };
}
