import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { decodeDer, der, encodeDer } from './der.ts';
import { extension, nameOf, oid, signatureAlgorithm, sortedSans } from './x509.ts';

/** Who asks for a certificate, for which DNS names and IP addresses. */
export type RequestContent = {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly sans: readonly string[];
};

/** A certification request (PKCS #10, RFC 2986) as PEM text, signed by the key that the certificate is for. */
export function signingRequest(content: RequestContent, key: KeyObject): string {
  const sans = sortedSans(content.sans);
  const wanted = sans.length === 0 ? [] : [extension(oid.subjectAltName, der.sequence(...sans))];
  const attributes =
    wanted.length === 0 ? [] : [der.sequence(der.oid(oid.extensionRequest), der.set(der.sequence(...wanted)))];
  const algorithm = signatureAlgorithm(key);
  const info = der.sequence(
    der.integer(0n),
    nameOf(content),
    decodeDer(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    der.explicit(0, ...attributes),
  );
  const signature = sign(algorithm.hash, encodeDer(info), key);
  const bytes = encodeDer(der.sequence(info, algorithm.identifier, der.bitString(signature)));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}
