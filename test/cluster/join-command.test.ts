import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { joinCommand } from '../../src/cluster/join-command.ts';
import { createKeySource } from '../../src/pki/keys.ts';
import { issueCertificate } from '../../src/pki/x509.ts';

async function aCa(commonName: string): Promise<string> {
  const key = await createKeySource('ECDSA-P256', 1).next();
  const content = { commonName, organizations: [], isCa: true, usages: [], sans: [] };
  return issueCertificate({ ...content, notBeforeMs: 0, notAfterMs: Date.UTC(2050, 1) }, key).toString();
}

/** As kubeadm's documentation makes the pin. */
function pinByOpenssl(pem: string): string {
  const key = execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: pem });
  const spki = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: key });
  return execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: spki }).toString().slice(0, 64);
}

test('a worker is told server, token, and the public key of every CA', async () => {
  const [old, young] = [await aCa('old'), await aCa('young')];
  const line = joinCommand({ server: 'https://[2001:db8::10]:443', ca: old + young }, 'abcdef.0123456789abcdef');
  const pins = [old, young].map((pem) => `--discovery-token-ca-cert-hash sha256:${pinByOpenssl(pem)}`);
  assert.equal(line, `kubeadm join [2001:db8::10]:443 --token abcdef.0123456789abcdef ${pins.join(' ')}`);
});

test('a control plane member is told that it is one, and the key where certificates were uploaded', async () => {
  const entry = { server: 'https://api.example.com:6443', ca: await aCa('ca') };
  assert.match(joinCommand(entry, 't', { certificateKey: undefined }), / --control-plane$/);
  assert.match(joinCommand(entry, 't', { certificateKey: '0a' }), / --control-plane --certificate-key 0a$/);
});
