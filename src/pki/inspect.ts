import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Finding } from '../base/diagnostics.ts';
import { humanDuration } from '../base/duration.ts';
import { ipBytes, ipText } from './ip.ts';
import { isPair, parsePrivateKey } from './keys.ts';
import type { FoundFile } from './store.ts';

/** The certificates of a PEM text, in order; none when one of them cannot be read. */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

/** A certificate with its chain and key as found; `findings` says what of it cannot be used. */
export type FoundPair = {
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject | undefined;
  readonly findings: readonly Finding[];
};

/** Reads a certificate and its key, either of which may be missing. */
export function inspectPair(
  paths: { readonly crt: string; readonly key: string },
  found: { readonly crt: FoundFile | undefined; readonly key: FoundFile | undefined },
): FoundPair {
  const findings: Finding[] = [];
  const error = (file: string, message: string) => findings.push({ severity: 'error', file, message, hint: restore });
  const certificates = found.crt === undefined ? [] : parseCertificates(found.crt.text);
  const key = found.key === undefined ? undefined : parsePrivateKey(found.key.text);
  if (found.crt !== undefined && certificates.length === 0) {
    error(paths.crt, found.crt.problem ?? 'holds no readable PEM certificate');
  }
  if (found.key !== undefined && key === undefined) {
    error(paths.key, found.key.problem ?? 'holds no readable RSA or ECDSA private key in PEM form');
  }
  if (key !== undefined && certificates[0] !== undefined && !isPair(certificates[0].publicKey, key)) {
    error(paths.key, `is not the key of ${paths.crt}`);
  }
  if (found.key !== undefined) findings.push(...modeFindings(paths.key, found.key));
  return { certificates, key, findings };
}

const restore = 'restore the right file, or move both .crt and .key away to have new ones made';

/** A warning when others than the owner may read a private file. */
export function modeFindings(file: string, { mode }: FoundFile): readonly Finding[] {
  if ((mode & 0o077) === 0) return [];
  const shown = mode.toString(8).padStart(4, '0');
  return [{ severity: 'warning', file, message: `has mode ${shown}, others may read it`, hint: `chmod 600 ${file}` }];
}

/** Whether one of `roots` signed the certificate, directly or over the intermediates. Validity periods are not looked at. */
export function isSignedBy(
  certificate: X509Certificate,
  intermediates: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): boolean {
  if (roots.some((root) => isIssuedBy(certificate, root))) return true;
  return intermediates.some(
    (issuer, index) =>
      isIssuedBy(certificate, issuer) &&
      isSignedBy(
        issuer,
        intermediates.filter((_other, at) => at !== index),
        roots,
      ),
  );
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** Whether a CA that has yet to be made from this key would be the certificate's issuer. */
export function wouldBeIssuedBy(certificate: X509Certificate, commonName: string, key: KeyObject): boolean {
  return certificate.issuer === `CN=${commonName}` && certificate.verify(createPublicKey(key));
}

/** Those of the wanted names and addresses for which the certificate is not valid; wildcards in it count. */
export function missingSans(certificate: X509Certificate, wanted: readonly string[]): readonly string[] {
  return [...new Set(wanted)].filter((san) => {
    const ip = ipBytes(san);
    return ip === undefined
      ? certificate.checkHost(san, { subject: 'never', partialWildcards: false }) === undefined
      : certificate.checkIP(ipText(ip)) === undefined;
  });
}

/** How long it is still valid, in words, and the warning when it is not. */
export function validity(
  certificate: X509Certificate,
  now: number,
): { readonly because: string; readonly problem?: string } {
  const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  if (now > to) {
    const problem = `expired on ${day(to)}, ${humanDuration(now - to)} ago`;
    return { because: problem, problem };
  }
  if (now < from) {
    const problem = `is not valid before ${new Date(from).toISOString()}; the clock says ${new Date(now).toISOString()}`;
    return { because: `not valid before ${new Date(from).toISOString()}`, problem };
  }
  return { because: `valid until ${day(to)}, ${humanDuration(to - now)}` };
}
