import { createHash, createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { contentOf, type Der, decodeDer, der, encodeDer, isContext, membersOf, oidOf } from './der.ts';
import { ipBytes } from './ip.ts';

export type { KeyObject, X509Certificate };

export type Usage = 'serverAuth' | 'clientAuth';

/** What a certificate shall say. Times are milliseconds since the epoch, cut to seconds. */
export type CertificateContent = {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly isCa: boolean;
  readonly usages: readonly Usage[];
  /** DNS names and IP addresses. */
  readonly sans: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
};

/** Who signs: a CA by its certificate and key. */
export type Signer = { readonly certificate: X509Certificate; readonly key: KeyObject };

export const oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  extensionRequest: '1.2.840.113549.1.9.14',
};

/** Object identifiers of the extended key usages (RFC 5280 4.2.1.12). */
export const usageOids: Readonly<Record<Usage, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/**
 * Makes a certificate for `key`, signed by `signer` or, without one, by itself. Laid out as Go's
 * x509.CreateCertificate does for kubeadm, the order of the extensions included.
 */
export function issueCertificate(content: CertificateContent, key: KeyObject, signer?: Signer): X509Certificate {
  const signingKey = signer?.key ?? key;
  const subject = nameOf(content);
  const issuer = signer === undefined ? undefined : partsOf(signer.certificate);
  const spki = decodeDer(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  const algorithm = signatureAlgorithm(signingKey);
  const tbs = der.sequence(
    der.explicit(0, der.integer(2n)),
    der.integer(randomSerial()),
    algorithm.identifier,
    issuer?.subject ?? subject,
    der.sequence(der.time(content.notBeforeMs), der.time(content.notAfterMs)),
    subject,
    spki,
    der.explicit(3, der.sequence(...extensionsOf(content, spki, issuer?.keyId))),
  );
  const signature = sign(algorithm.hash, encodeDer(tbs), signingKey);
  return new X509Certificate(encodeDer(der.sequence(tbs, algorithm.identifier, der.bitString(signature))));
}

function extensionsOf(content: CertificateContent, spki: Der, issuerKeyId: Uint8Array | undefined): readonly Der[] {
  const { isCa, usages } = content;
  const sans = sortedSans(content.sans);
  return [
    // digitalSignature, keyEncipherment and, for a CA, keyCertSign: bits 0, 2 and 5.
    extension(oid.keyUsage, isCa ? der.bitString(Uint8Array.of(0xa4), 2) : der.bitString(Uint8Array.of(0xa0), 5), true),
    ...(usages.length === 0
      ? []
      : [extension(oid.extendedKeyUsage, der.sequence(...usages.map((usage) => der.oid(usageOids[usage]))))]),
    extension(oid.basicConstraints, der.sequence(...(isCa ? [der.true()] : [])), true),
    ...(isCa ? [extension(oid.subjectKeyIdentifier, der.octetString(keyIdOf(spki)))] : []),
    ...(issuerKeyId === undefined
      ? []
      : [extension(oid.authorityKeyIdentifier, der.sequence(der.implicit(0, issuerKeyId)))]),
    ...(sans.length === 0 ? [] : [extension(oid.subjectAltName, der.sequence(...sans))]),
  ];
}

export function extension(id: string, value: Der, critical = false): Der {
  return der.sequence(der.oid(id), ...(critical ? [der.true()] : []), der.octetString(encodeDer(value)));
}

// DNS names without duplicates and sorted, then IP addresses without duplicates in the order given (kubeadm's
// RemoveDuplicateAltNames). GeneralName: dNSName [2], iPAddress [7].
export function sortedSans(sans: readonly string[]): readonly Der[] {
  const dnsNames = new Set<string>();
  const ips = new Map<string, Uint8Array>();
  for (const san of sans) {
    const bytes = ipBytes(san);
    if (bytes === undefined) dnsNames.add(san);
    else ips.set(bytes.join('.'), bytes);
  }
  return [
    ...[...dnsNames].sort().map((name) => der.implicit(2, Buffer.from(name, 'latin1'))),
    ...[...ips.values()].map((bytes) => der.implicit(7, bytes)),
  ];
}

// Go puts the organizations into one set, before the common name.
export function nameOf({ commonName, organizations }: Pick<CertificateContent, 'commonName' | 'organizations'>): Der {
  const attribute = (id: string, value: string) => der.sequence(der.oid(id), der.string(value));
  return der.sequence(
    ...(organizations.length === 0
      ? []
      : [der.set(...organizations.map((organization) => attribute(oid.organization, organization)))]),
    der.set(attribute(oid.commonName, commonName)),
  );
}

// RFC 7093 2, method 1, as Go since 1.25: the first 160 bits of the SHA-256 of the key's bit string.
function keyIdOf(spki: Der): Uint8Array {
  const bits = contentOf(membersOf(spki)[1]).subarray(1);
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

/** The subject exactly as encoded, and the key identifier if there is one, of a CA that may be somebody else's work. */
function partsOf(certificate: X509Certificate): { readonly subject: Der; readonly keyId: Uint8Array | undefined } {
  const tbs = membersOf(membersOf(decodeDer(certificate.raw))[0]);
  const subject = tbs[isContext(tbs[0], 0) ? 5 : 4] ?? der.sequence();
  const extensions = membersOf(membersOf(tbs.find((member) => isContext(member, 3)))[0]);
  const found = extensions.find((member) => oidOf(membersOf(member)[0]) === oid.subjectKeyIdentifier);
  return { subject, keyId: found && contentOf(decodeDer(contentOf(membersOf(found).at(-1)))) };
}

// Go signs with the hash of the curve's size, and RSA with SHA-256. OIDs: RFC 4055, RFC 5758.
export function signatureAlgorithm(key: KeyObject): { readonly identifier: Der; readonly hash: string } {
  if (key.asymmetricKeyType === 'rsa') {
    return { identifier: der.sequence(der.oid('1.2.840.113549.1.1.11'), der.null()), hash: 'sha256' };
  }
  const bits = { secp384r1: 384, secp521r1: 512 }[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 256;
  const last = { 256: 2, 384: 3, 512: 4 }[bits];
  return { identifier: der.sequence(der.oid(`1.2.840.10045.4.3.${last}`)), hash: `sha${bits}` };
}

// Uniform in [1, 2^63 - 1), as kubeadm: 63 random bits, drawn again in the two cases outside.
function randomSerial(): bigint {
  for (;;) {
    const serial = randomBytes(8).readBigUInt64BE() >> 1n;
    if (serial >= 1n && serial < 2n ** 63n - 1n) return serial;
  }
}
