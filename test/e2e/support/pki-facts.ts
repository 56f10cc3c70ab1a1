import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseKubeconfig } from '../../../src/kubeconfig/kubeconfig.ts';
import { expectCode, run } from './command.ts';

/** What openssl reads in a certificate that does not differ from run to run, and the rules that its times follow. */
export async function certificateFacts(pem: string): Promise<readonly string[]> {
  const hidden = 'no_serial,no_validity,no_pubkey,no_sigdump,no_header';
  const { stdout } = expectCode(
    await run('openssl', ['x509', '-noout', '-text', '-certopt', hidden], { input: pem }),
    0,
  );
  const certificate = new X509Certificate(pem);
  const serial = BigInt(`0x${certificate.serialNumber}`);
  return [
    ...stdout.split('\n').map((line) => line.trim().replace(/^[0-9A-F]{2}(:[0-9A-F]{2}){19}$/, '(20 bytes)')),
    `serial: ${serial > 0n && serial < 2n ** 63n ? 'positive, at most 63 bits' : serial}`,
    `valid for: ${certificate.validToDate.getTime() - certificate.validFromDate.getTime()} ms`,
    `key: ${keyFacts(certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString())}`,
  ];
}

/** PEM heading, algorithm and size of a private or public key. */
export function keyFacts(pem: string): string {
  const heading = /-----BEGIN ([A-Z ]+)-----/.exec(pem)?.[1];
  const key = heading === 'PUBLIC KEY' ? createPublicKey(pem) : createPrivateKey(pem);
  const { modulusLength, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {};
  return [heading, key.asymmetricKeyType, modulusLength ?? namedCurve, publicExponent].join(' ');
}

/** Each file and directory below `root` (but for `root` itself) with its mode: `pki/ca.key 600`. */
export function modes(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${relative(root, path)} ${(statSync(path).mode & 0o7777).toString(8)}`)
    .sort();
}

/** A kubeconfig with what differs from run to run taken out, and the facts of what was there. */
export async function kubeconfigFacts(path: string, certificatesDir: string): Promise<readonly string[]> {
  const text = readFileSync(path, 'utf8');
  const { ca = '', clientCertificate = '', clientKey = '' } = parseKubeconfig(text);
  const caFile = readFileSync(join(certificatesDir, 'ca.crt'), 'utf8');
  const [client, authority] = [new X509Certificate(clientCertificate), new X509Certificate(caFile)];
  const begins = client.validFromDate.getTime() === authority.validFromDate.getTime();
  const facts = await certificateFacts(clientCertificate);
  return [
    // Go quotes with ' where we do with "; YAML reads the same.
    text.replace(/-data: [A-Za-z0-9+/=]+$/gm, '-data: …').replaceAll("'", '"'),
    `CA is ca.crt: ${ca === caFile}`,
    `begins with the CA: ${begins}`,
    `signed by the CA: ${client.verify(authority.publicKey)}`,
    `is a pair: ${client.checkPrivateKey(createPrivateKey(clientKey))}`,
    keyFacts(clientKey),
    // It begins with the CA, so how long it is valid depends on when the CA was made: a few seconds more.
    ...facts.map((fact) => fact.replace(/^valid for: (\d+)\d{5} ms$/, 'valid for: about $1 × 100 s')),
  ];
}
