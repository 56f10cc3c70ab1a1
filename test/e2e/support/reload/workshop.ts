import { createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { issueCertificate, type Signer } from '../../../../src/pki/x509.ts';

const dayMs = 86_400_000;

export type Leaf = { readonly crt: string; readonly key: string };
export type Subject = {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly sans?: readonly string[];
};

/** A directory with two authorities: the one everybody begins with, and another that files change to. */
export class Workshop {
  readonly root = mkdtempSync(join(tmpdir(), 'reload-'));
  readonly ca = authority('first');
  readonly otherCa = authority('second');
  /** Both, as a bundle. */
  readonly bundle = `${this.ca.certificate}${this.otherCa.certificate}`;
  readonly admin = this.leaf(this.ca, { commonName: 'admin', organizations: ['system:masters'] });

  /** Replaces the file at once, as the product does; gives its path. */
  write(name: string, text: string | Uint8Array): string {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return path;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  read(name: string): string {
    return readFileSync(join(this.root, name), 'utf8');
  }

  leaf(ca: Signer, { commonName, organizations = [], sans = [] }: Subject): Leaf {
    const key = newKey();
    const usages = ['serverAuth', 'clientAuth'] as const;
    const content = { commonName, organizations, sans, usages, isCa: false, ...validity() };
    return { crt: issueCertificate(content, key, ca).toString(), key: keyPem(key) };
  }

  /** Writes `NAME.crt` and `NAME.key`. */
  pair(name: string, ca: Signer, subject: Subject): Leaf {
    const leaf = this.leaf(ca, subject);
    this.write(`${name}.crt`, leaf.crt);
    this.write(`${name}.key`, leaf.key);
    return leaf;
  }

  /** Writes a kubeconfig of this server, as somebody with a certificate. */
  kubeconfig(name: string, server: string, user: Leaf = this.admin): string {
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const cluster = { server, 'certificate-authority-data': base64(String(this.ca.certificate)) };
    const credentials = { 'client-certificate-data': base64(user.crt), 'client-key-data': base64(user.key) };
    return this.write(
      name,
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'it' },
        clusters: [{ name: 'it', cluster }],
        users: [{ name: 'it', user: credentials }],
        contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
      }),
    );
  }

  destroy(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function validity() {
  return { notBeforeMs: Date.now() - dayMs, notAfterMs: Date.now() + 30 * dayMs };
}

function authority(commonName: string): Signer {
  const key = newKey();
  const content = { commonName, organizations: [], isCa: true, usages: [], sans: [commonName], ...validity() };
  return { key, certificate: issueCertificate(content, key) };
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

export function keyPem(key: KeyObject): string {
  return key.export({ type: 'sec1', format: 'pem' }).toString();
}

/** The public half as --service-account-key-file reads it. */
export function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

export function serialOf({ crt }: Pick<Leaf, 'crt'>): string {
  return new X509Certificate(crt).serialNumber;
}

const base64url = (value: string | Uint8Array) => Buffer.from(value).toString('base64url');

/** A JSON Web Token signed with ES256. */
export function token(claims: Readonly<Record<string, unknown>>, key: KeyObject): string {
  const body = `${base64url('{"alg":"ES256","kid":"it"}')}.${base64url(JSON.stringify(claims))}`;
  return `${body}.${base64url(sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }))}`;
}
