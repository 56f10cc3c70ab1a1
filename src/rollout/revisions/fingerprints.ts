import { sha256Hex } from '../../base/hash.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import type { HostFiles } from '../../host/host.ts';
import { parseKubeconfig } from '../../kubeconfig/kubeconfig.ts';
import { kubeconfigs } from '../../kubeconfig/kubeconfigs.ts';
import { certificateFile, certificatesOf, serviceAccountKeys } from '../../pki/certificates.ts';
import { parseCertificates } from '../../pki/inspect.ts';
import type { Fingerprint } from './revision.ts';

type Reader = Pick<HostFiles, 'readText'>;

/** What the certificates, kubeconfigs and the service account key of this configuration are; what is not there is left out. */
export async function readFingerprints(
  host: Reader,
  { config, paths }: { readonly config: Config; readonly paths: Paths },
): Promise<readonly Fingerprint[]> {
  const { certificatesDir } = paths;
  const found = await Promise.all([
    ...certificatesOf(config).map(({ baseName }) =>
      ofCertificate(host, certificateFile(certificatesDir, baseName, 'crt')),
    ),
    ofPublicKey(host, certificateFile(certificatesDir, serviceAccountKeys.baseName, 'pub')),
    ...kubeconfigs.map((spec) => ofKubeconfig(host, spec.path(paths))),
  ]);
  return found.filter((fingerprint) => fingerprint !== undefined);
}

async function ofCertificate(host: Reader, path: string): Promise<Fingerprint | undefined> {
  const text = await host.readText(path);
  return text === undefined ? undefined : { path, kind: 'certificate', ...identityOf(text) };
}

async function ofPublicKey(host: Reader, path: string): Promise<Fingerprint | undefined> {
  const text = await host.readText(path);
  return text === undefined ? undefined : { path, kind: 'public-key', fingerprint: sha256Hex(text) };
}

async function ofKubeconfig(host: Reader, path: string): Promise<Fingerprint | undefined> {
  const text = await host.readText(path);
  if (text === undefined) return undefined;
  try {
    const { server, clientCertificate } = parseKubeconfig(text, path);
    return { path, kind: 'kubeconfig', ...identityOf(clientCertificate ?? text), server };
  } catch {
    return { path, kind: 'kubeconfig', fingerprint: sha256Hex(text) };
  }
}

/** The first certificate of a PEM text; the text itself where there is none. */
function identityOf(text: string): Pick<Fingerprint, 'fingerprint' | 'expiresAt'> {
  const [certificate] = parseCertificates(text);
  if (certificate === undefined) return { fingerprint: sha256Hex(text) };
  return { fingerprint: certificate.fingerprint256, expiresAt: certificate.validToDate.toISOString() };
}
