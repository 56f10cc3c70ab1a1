import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeConfiguration } from '../../../src/agent/settings/decode-configuration.ts';

const decode = (text: string) => decodeConfiguration(text, '/etc/agent.yaml').settings;

test('takes port and client authorities of the kubelet API from where a KubeletConfiguration has them', () => {
  const text = `
kind: KubeletConfiguration
port: 10350
authentication:
  anonymous: {enabled: false}
  webhook: {cacheTTL: 0s, enabled: true}
  x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}
`;
  assert.deepEqual(decode(text), { kubeletPort: 10_350, clientCAFile: '/etc/kubernetes/pki/ca.crt' });
});

test('says nothing of them where nothing is said', () => {
  for (const text of [
    'authentication: {}',
    'authentication: {x509: {clientCAFile: ""}}',
    'authentication: {x509: {}}',
  ]) {
    assert.deepEqual(decode(`kind: KubeletConfiguration\n${text}\n`), {});
  }
});

test('a path that is none is an error with its place', () => {
  const text = 'kind: KubeletConfiguration\nauthentication:\n  x509:\n    clientCAFile: [a]\n';
  const place = { file: '/etc/agent.yaml', line: 4, column: 19, path: 'authentication.x509.clientCAFile' };
  assert.throws(() => decode(text), { findings: [{ severity: 'error', ...place, message: 'a text is expected' }] });
});
