import { createHash, type X509Certificate } from 'node:crypto';

/** `sha256:<hex>` of a certificate's public key, by which joining nodes know a CA (RFC 7469 2.4; kubeadm util/pubkeypin). */
export function publicKeyPin(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`;
}
