import { OperationError } from '../base/errors.ts';
import type { HostFiles } from '../host/host.ts';
import { parseCertificates } from './inspect.ts';
import { isPair, parsePrivateKey } from './keys.ts';
import type { Signer } from './x509.ts';

/** A CA that can sign; `bundle` is every certificate of its file as PEM, for those who shall trust it. */
export type FoundAuthority = Signer & { readonly bundle: string };

/** Reads a CA from the disk; `OperationError` when it is not there or cannot sign. */
export async function readAuthority(
  host: Pick<HostFiles, 'readText'>,
  paths: { readonly crt: string; readonly key: string },
): Promise<FoundAuthority> {
  const certificates = parseCertificates((await host.readText(paths.crt)) ?? '');
  const key = parsePrivateKey((await host.readText(paths.key)) ?? '');
  const [certificate] = certificates;
  if (certificate === undefined || key === undefined || !isPair(certificate.publicKey, key)) {
    const message = `${paths.crt} and ${paths.key} are not a CA certificate with its key`;
    throw new OperationError(message, { hint: 'run `bootstrap init phase certs ca`, or restore both files' });
  }
  return { certificate, key, bundle: certificates.map(String).join('') };
}
