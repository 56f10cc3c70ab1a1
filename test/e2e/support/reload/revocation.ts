import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Leaf, serialOf, type Workshop } from './workshop.ts';

/** A certificate revocation list of the first authority (DER, as etcd reads it), by openssl. */
export function revocationList(shop: Workshop, revoked: readonly Leaf[]): Uint8Array {
  const lines = revoked.map((leaf) => `R\t350101000000Z\t260101000000Z\t${serialOf(leaf)}\tunknown\t/CN=revoked\n`);
  const index = shop.write('crl/index', lines.join(''));
  const number = shop.write('crl/number', '01\n');
  // With extensions it is of version 2, the only one that Go's ParseRevocationList takes.
  const it = `database=${index}\ndefault_md=sha256\ncrlnumber=${number}\ncrl_extensions=ext\n`;
  const config = shop.write('crl/config', `[ca]\ndefault_ca=it\n[it]\n${it}[ext]\nauthorityKeyIdentifier=keyid\n`);
  const crt = shop.write('crl/ca.crt', String(shop.ca.certificate));
  const key = shop.write('crl/ca.key', shop.ca.key.export({ type: 'sec1', format: 'pem' }));
  const [pem, out] = [shop.path('crl/list.pem'), shop.path('crl/list.der')];
  const made = ['-gencrl', '-config', config, '-cert', crt, '-keyfile', key, '-crldays', '30', '-out', pem];
  openssl(['ca', ...made]);
  openssl(['crl', '-in', pem, '-outform', 'DER', '-out', out]);
  return readFileSync(out);
}

export function emptyList(shop: Workshop): Uint8Array {
  return revocationList(shop, []);
}

/** What openssl prints. */
export function openssl(args: readonly string[]): Buffer {
  const [program, ...words] = ['openssl', ...args];
  return execFileSync(program ?? '', words, { stdio: ['ignore', 'pipe', 'pipe'] });
}
