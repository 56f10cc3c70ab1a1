import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJsonOrYaml } from '../../../src/kube/yaml.ts';
import { parseKubeconfig } from '../../../src/kubeconfig/kubeconfig.ts';
import {
  copyKubeconfig,
  copySchedulerConfig,
  schedulerKubeconfig,
} from '../../../src/rollout/canary/copy-kubeconfig.ts';

const server = 'https://127.0.0.1:20005';
const path = '/etc/kubernetes/x.conf';
const kubeconfig = (cluster: string, user = '{token: t}') => `apiVersion: v1
kind: Config
clusters:
- {name: a, cluster: ${cluster}}
- {name: b, cluster: {server: 'https://other:6443'}}
users: [{name: u, user: ${user}}]
contexts: [{name: c, context: {cluster: a, user: u}}]
current-context: c
`;

describe('the copy of a kubeconfig', () => {
  test('names the scratch API server in every cluster, by the name that the certificate was asked for', () => {
    const copy = copyKubeconfig(kubeconfig("{server: 'https://10.0.0.5:6443', proxy-url: 'http://p'}"), {
      path,
      server,
    });
    const { clusters } = parseJsonOrYaml(copy) as { clusters: { cluster: Record<string, string> }[] };
    assert.deepEqual(
      clusters.map(({ cluster }) => cluster),
      [
        { server, 'tls-server-name': '10.0.0.5' },
        { server, 'tls-server-name': 'other' },
      ],
    );
  });

  test('keeps a server name of its own and finds the files that it names', () => {
    const text = kubeconfig(
      "{server: 'https://[fd00::1]:6443', tls-server-name: api, certificate-authority: pki/ca.crt}",
      '{client-certificate: a.crt, client-key: /abs/a.key}',
    );
    const read = parseKubeconfig(copyKubeconfig(text, { path, server }), path);
    assert.equal(read.tlsServerName, 'api');
    assert.equal(read.caFile, '/etc/kubernetes/pki/ca.crt');
    assert.deepEqual([read.clientCertificateFile, read.clientKeyFile], ['/etc/kubernetes/a.crt', '/abs/a.key']);
  });

  test('is refused when it is none, without its contents', () => {
    assert.throws(
      () => copyKubeconfig('token: "secret', { path, server }),
      (thrown: Error) => {
        assert.match(thrown.message, /x\.conf: not valid YAML/);
        assert.doesNotMatch(thrown.message, /secret/);
        return true;
      },
    );
  });
});

describe('the copy of a scheduler configuration', () => {
  test('has another kubeconfig and is else the same, also where it is wrong', () => {
    const text = 'kind: KubeSchedulerConfiguration\nprofilez: []\nclientConnection: {kubeconfig: /k, qps: 5}\n';
    assert.equal(schedulerKubeconfig(text), '/k');
    assert.deepEqual(parseJsonOrYaml(copySchedulerConfig(text, '/s/k') ?? ''), {
      kind: 'KubeSchedulerConfiguration',
      profilez: [],
      clientConnection: { kubeconfig: '/s/k', qps: 5 },
    });
  });

  test('is not made of what is no object', () => {
    for (const text of ['a: [', 'word', '']) assert.equal(copySchedulerConfig(text, '/s/k'), undefined);
  });
});
