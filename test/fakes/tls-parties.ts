import { generateKeyPairSync } from 'node:crypto';
import { privateKeyPem } from '../../src/pki/keys.ts';
import { issueCertificate, type Signer, type Usage } from '../../src/pki/x509.ts';

export type PemPair = { readonly certificate: string; readonly key: string };
export type Authority = {
  readonly certificate: string;
  issue(
    commonName: string,
    change?: { readonly organizations?: readonly string[]; readonly usage?: Usage; readonly notAfterMs?: number },
  ): PemPair;
};

const hourMs = 3_600_000;

/** A certificate authority of the moment, whose certificates hold for an hour. */
export function anAuthority(commonName = 'test-ca'): Authority {
  const notBeforeMs = Date.now() - hourMs;
  const common = { organizations: [], usages: [], sans: [], notBeforeMs, notAfterMs: Date.now() + hourMs };
  const make = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const key = make();
  const certificate = issueCertificate({ ...common, commonName, isCa: true }, key);
  const signer: Signer = { certificate, key };
  return {
    certificate: certificate.toString(),
    issue: (name, { usage = 'clientAuth', ...change } = {}) => {
      const own = make();
      const sans = usage === 'serverAuth' ? ['127.0.0.1'] : [];
      const content = { ...common, sans, commonName: name, isCa: false, usages: [usage], ...change };
      return { certificate: issueCertificate(content, own, signer).toString(), key: privateKeyPem(own) };
    },
  };
}
