import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncryptionAlgorithm } from '../../src/config/types.ts';
import { createKeySource } from '../../src/pki/keys.ts';
import { issueCertificate } from '../../src/pki/x509.ts';
import { aCa, aLeaf } from '../fakes/pki-context.ts';

const key = (algorithm: EncryptionAlgorithm = 'ECDSA-P256') => createKeySource(algorithm, 1).next();

for (const algorithm of ['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'] as const) {
  test(`a certificate signed by a CA with a key of ${algorithm} verifies against it`, async () => {
    const ca = aCa('kubernetes', await key(algorithm));
    const leaf = aLeaf(ca, await key());
    assert.ok(ca.certificate.verify(ca.certificate.publicKey), 'self-signed');
    assert.ok(leaf.verify(ca.certificate.publicKey));
    assert.ok(leaf.checkIssued(ca.certificate));
    assert.equal(ca.certificate.ca, true);
    assert.equal(leaf.ca, false);
  });
}

test('the subject has the organization before the common name', async () => {
  const content = { isCa: false, usages: ['clientAuth'], sans: [], notBeforeMs: 0, notAfterMs: 1 } as const;
  const subject = { commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'] };
  const certificate = issueCertificate({ ...content, ...subject }, await key());
  assert.equal(certificate.subject, 'O=kubeadm:cluster-admins\nCN=kubernetes-admin');
});

test('names outside the PrintableString alphabet survive', async () => {
  const certificate = aLeaf(aCa('ca', await key()), await key(), { commonName: 'knoten_ä@1' });
  assert.equal(certificate.toLegacyObject().subject.CN, 'knoten_ä@1');
});

test('names are sorted and unique, addresses unique and in the order given', async () => {
  const sans = ['node1', '10.0.0.2', 'a.example', '::1', 'node1', '10.0.0.1', '0:0::1', '10.0.0.2'];
  const certificate = aLeaf(aCa('ca', await key()), await key(), { sans });
  assert.equal(
    certificate.subjectAltName,
    'DNS:a.example, DNS:node1, IP Address:10.0.0.2, IP Address:0:0:0:0:0:0:0:1, IP Address:10.0.0.1',
  );
});

test('a validity beyond 2049 is written in the form that needs four digits for the year', async () => {
  const notAfterMs = Date.UTC(2126, 10, 22, 12, 30, 15);
  const { certificate } = aCa('kubernetes', await key(), { notAfterMs });
  assert.equal(certificate.validToDate.getTime(), notAfterMs);
});

test('serial numbers differ and are positive', async () => {
  const ca = aCa('kubernetes', await key());
  const leafKey = await key();
  const serials = Array.from({ length: 50 }, () => BigInt(`0x${aLeaf(ca, leafKey).serialNumber}`));
  assert.equal(new Set(serials).size, 50);
  assert.ok(serials.every((serial) => serial > 0n && serial < 2n ** 63n));
});
