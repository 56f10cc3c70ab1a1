import type { CertificateTools } from '../../agent/credentials/certificate-tools.ts';
import type { Clock } from '../../base/clock.ts';
import { parseCertificates } from '../../pki/inspect.ts';
import { createKeySource, isPair, parsePrivateKey, privateKeyPem } from '../../pki/keys.ts';

const dayMs = 24 * 3_600_000;

/** X.509 for the agent, which knows nothing of it. What signs is loaded when it is needed. */
export function certificateTools(clock: Clock): CertificateTools {
  const keys = createKeySource('ECDSA-P256', 1);
  return {
    describe: ({ certificate: pem, key: keyPem }) => {
      const [certificate] = parseCertificates(pem);
      const key = parsePrivateKey(keyPem);
      if (certificate === undefined || key === undefined || !isPair(certificate.publicKey, key)) return undefined;
      return {
        commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
        fingerprint: certificate.fingerprint256,
        notBeforeMs: certificate.validFromDate.getTime(),
        notAfterMs: certificate.validToDate.getTime(),
      };
    },
    request: async (subject) => {
      const { signingRequest } = await import('../../pki/signing-request.ts');
      const key = await keys.next();
      return { key: privateKeyPem(key), request: signingRequest(subject, key) };
    },
    selfSign: async (subject) => {
      const { issueCertificate } = await import('../../pki/x509.ts');
      const key = await keys.next();
      const nowMs = clock.now();
      const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + 365 * dayMs };
      const certificate = issueCertificate({ ...subject, isCa: false, usages: ['serverAuth'], ...validity }, key);
      return { certificate: certificate.toString(), key: privateKeyPem(key) };
    },
  };
}
