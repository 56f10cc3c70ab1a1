import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildKubeconfig, parseKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';

const content = {
  clusterName: 'kubernetes',
  user: 'system:node:node1',
  server: 'https://192.0.2.10:6443',
  ca: 'the CA\n',
  credentials: { clientCertificate: 'the certificate\n', clientKey: 'the key\n' },
};

test("is laid out as kubeadm's", () => {
  assert.equal(
    buildKubeconfig(content),
    `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: dGhlIENBCg==
    server: https://192.0.2.10:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: system:node:node1
  name: system:node:node1@kubernetes
current-context: system:node:node1@kubernetes
kind: Config
users:
- name: system:node:node1
  user:
    client-certificate-data: dGhlIGNlcnRpZmljYXRlCg==
    client-key-data: dGhlIGtleQo=
`,
  );
});

test('a long certificate stays on one line', () => {
  const text = buildKubeconfig({ ...content, ca: 'x'.repeat(4000) });
  assert.ok(text.split('\n').some((line) => line.length > 4000));
});

test('reads back what it wrote', () => {
  assert.deepEqual(parseKubeconfig(buildKubeconfig(content)), {
    server: 'https://192.0.2.10:6443',
    clusterName: 'kubernetes',
    userName: 'system:node:node1',
    contextName: 'system:node:node1@kubernetes',
    ca: 'the CA\n',
    clientCertificate: 'the certificate\n',
    clientKey: 'the key\n',
  });
});

test('carries a token instead of a certificate', () => {
  const parsed = parseKubeconfig(buildKubeconfig({ ...content, credentials: { token: 'abcdef.0123456789abcdef' } }));
  assert.equal(parsed.token, 'abcdef.0123456789abcdef');
  assert.equal(parsed.clientKey, undefined);
});

test('reads the current context among several, with files, namespace and TLS settings', () => {
  const text = `
kind: Config
current-context: b
contexts:
- {name: a, context: {cluster: one, user: u}}
- {name: b, context: {cluster: two, user: v, namespace: x}}
clusters:
- {name: one, cluster: {server: https://one}}
- name: two
  cluster: {server: https://two, certificate-authority: pki/ca.crt, tls-server-name: two.example, insecure-skip-tls-verify: true}
users:
- {name: v, user: {client-certificate: v.crt, client-key: v.key, tokenFile: /run/token}}
`;
  assert.deepEqual(parseKubeconfig(text), {
    server: 'https://two',
    clusterName: 'two',
    userName: 'v',
    contextName: 'b',
    namespace: 'x',
    caFile: 'pki/ca.crt',
    tlsServerName: 'two.example',
    insecureSkipTlsVerify: true,
    clientCertificateFile: 'v.crt',
    clientKeyFile: 'v.key',
    tokenFile: '/run/token',
  });
});

for (const [what, text, message] of [
  ['something else', 'kind: Pod', /^x\.conf: is not a kubeconfig/],
  ['nothing', '', /^x\.conf: is not a kubeconfig/],
  ['no current context', 'kind: Config', /^x\.conf: has no current-context/],
  ['a context that is not there', 'kind: Config\ncurrent-context: a', /^x\.conf: has no context a/],
  [
    'a cluster that is not there',
    'kind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: c}}]',
    /^x\.conf: has no cluster c with a server/,
  ],
  ['broken YAML', 'kind: Config\nusers: [{client-key-data: c2VjcmV0', /^x\.conf: not valid YAML at line \d+$/],
] as const) {
  test(`names the file and what is wrong: ${what}`, () => {
    assert.throws(
      () => parseKubeconfig(text, 'x.conf'),
      (thrown: Error) => message.test(thrown.message) && !thrown.message.includes('c2VjcmV0'),
    );
  });
}
