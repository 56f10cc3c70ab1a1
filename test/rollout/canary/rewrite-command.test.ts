import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ComponentName } from '../../../src/manifests/component.ts';
import { changeText, rewriteCommand } from '../../../src/rollout/canary/rewrite-command.ts';
import type { Scratch } from '../../../src/rollout/canary/scratch.ts';

const scratch: Scratch = {
  directory: '/s',
  ports: {
    etcdClient: 20_001,
    etcdHttp: 20_002,
    etcdPeer: 20_003,
    etcdMetrics: 20_004,
    apiServer: 20_005,
    controllerManager: 20_006,
    scheduler: 20_007,
    closed: 20_008,
  },
  addresses: ['127.0.0.1', '10.0.0.5'],
  files: new Map([
    ['/etc/kubernetes/scheduler.conf', '/s/kube-scheduler/copy'],
    ['/pki/apiserver.crt', '/s/kube-apiserver/issued/crt'],
  ]),
  etcdScheme: 'https',
};

/** The flags that a canary gets for the given ones, by component: given, then as it is started. */
const rows: readonly (readonly [ComponentName, string, readonly string[], string])[] = [
  ['etcd', '--data-dir', ['--data-dir=/var/lib/etcd'], '/s/etcd/data'],
  ['etcd', '--data-dir', ['--data-dir', '/var/lib/etcd'], '/s/etcd/data'],
  ['etcd', '--data-dir', ['-data-dir=/var/lib/etcd'], '/s/etcd/data'],
  ['etcd', '--data-dir', [], '/s/etcd/data'],
  ['etcd', '--wal-dir', ['--wal-dir=/wal'], '/s/etcd/wal'],
  [
    'etcd',
    '--listen-client-urls',
    ['--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.5:2379'],
    'https://127.0.0.1:20001',
  ],
  ['etcd', '--listen-client-urls', [], 'http://127.0.0.1:20001'],
  ['etcd', '--advertise-client-urls', ['--advertise-client-urls=https://10.0.0.5:2379'], 'https://127.0.0.1:20001'],
  ['etcd', '--listen-peer-urls', ['--listen-peer-urls=https://10.0.0.5:2380'], 'https://127.0.0.1:20003'],
  ['etcd', '--listen-metrics-urls', ['--listen-metrics-urls=https://0.0.0.0:2381'], 'http://127.0.0.1:20004'],
  [
    'etcd',
    '--initial-cluster',
    [
      '--name=b',
      '--initial-advertise-peer-urls=https://10.0.0.5:2380',
      '--initial-cluster=a=https://10.0.0.4:2380,b=https://10.0.0.5:2380',
    ],
    'b=https://127.0.0.1:20003',
  ],
  [
    'etcd',
    '--initial-cluster',
    ['--name=wrong', '--initial-cluster=a=https://10.0.0.4:2380'],
    'a=https://127.0.0.1:20003',
  ],
  ['etcd', '--initial-cluster-state', ['--initial-cluster-state=existing'], 'new'],
  ['etcd', '--log-outputs', ['--log-outputs=/var/log/etcd.log'], '/s/etcd/etcd.log,stderr'],
  ['kube-apiserver', '--secure-port', ['--secure-port=6443'], '20005'],
  ['kube-apiserver', '--bind-address', [], '127.0.0.1'],
  ['kube-apiserver', '--bind-address', ['--bind-address=10.0.0.5'], '127.0.0.1'],
  ['kube-apiserver', '--bind-address', ['--bind-address=10.9.9.9'], '10.9.9.9'],
  ['kube-apiserver', '--etcd-servers', ['--etcd-servers=https://127.0.0.1:2379'], 'https://127.0.0.1:20001'],
  [
    'kube-apiserver',
    '--etcd-servers-overrides',
    ['--etcd-servers-overrides=/events#https://a:1;https://b:1,apps/x#http://c:1'],
    '/events#https://127.0.0.1:20001,apps/x#https://127.0.0.1:20001',
  ],
  ['kube-apiserver', '--audit-log-path', ['--audit-log-path=/var/log/audit.log'], '/s/kube-apiserver/audit.log'],
  ['kube-apiserver', '--audit-log-path', ['--audit-log-path=-'], '-'],
  ['kube-apiserver', '--tls-cert-file', ['--tls-cert-file=/pki/apiserver.crt'], '/s/kube-apiserver/issued/crt'],
  [
    'kube-apiserver',
    '--tls-sni-cert-key',
    ['--tls-sni-cert-key=/pki/apiserver.crt,/pki/other.key:a.example'],
    '/s/kube-apiserver/issued/crt,/pki/other.key:a.example',
  ],
  ['kube-apiserver', '--endpoint-reconciler-type', ['--endpoint-reconciler-type=lease'], 'lease'],
  ['kube-controller-manager', '--secure-port', [], '20006'],
  ['kube-controller-manager', '--master', ['--master=https://10.0.0.5:6443'], 'https://127.0.0.1:20005'],
  ['kube-controller-manager', '--kube-api-qps', [], '1000'],
  ['kube-controller-manager', '--kube-api-qps', ['--kube-api-qps=many'], 'many'],
  ['kube-scheduler', '--secure-port', ['--secure-port=10259'], '20007'],
  ['kube-scheduler', '--kubeconfig', ['--kubeconfig=/etc/kubernetes/scheduler.conf'], '/s/kube-scheduler/copy'],
  ['kube-scheduler', '--master', ['--config=/unreadable.yaml'], 'https://127.0.0.1:20005'],
];

describe('the command line of a canary', () => {
  for (const [component, flag, given, expected] of rows) {
    test(`${component} ${given.join(' ') || `without ${flag}`}: ${flag}=${expected}`, () => {
      const { words } = rewriteCommand(component, [component, ...given], scratch);
      assert.deepEqual(
        words.filter((word) => word.startsWith(`${flag}=`)),
        [`${flag}=${expected}`],
      );
    });
  }

  for (const flag of ['--discovery', '--discovery-srv', '--discovery-token', '--force-new-cluster']) {
    test(`etcd is started without ${flag}, by which others would hear of it`, () => {
      const { words } = rewriteCommand('etcd', ['etcd', `${flag}=x`], scratch);
      assert.ok(!words.some((word) => word.startsWith(flag)));
    });
  }

  test('flags that say nothing of ports, files written or servers stay as they are, in their order, also unknown ones', () => {
    const given = ['kube-apiserver', '--no-such-flag', '--v=4', '--feature-gates=A=true', '--etcd-cafile=/x', 'word'];
    const { words } = rewriteCommand('kube-apiserver', given, scratch);
    assert.deepEqual(words.slice(0, given.length), given);
  });

  test('no port of the real etcd is left, however its flags are written', () => {
    const given = [
      'etcd',
      '--name',
      'a',
      '--listen-client-urls',
      'https://10.0.0.5:2379',
      '-listen-peer-urls',
      'https://10.0.0.5:2380',
    ];
    const { words } = rewriteCommand('etcd', given, scratch);
    assert.doesNotMatch(words.join(' '), /2379|2380|10\.0\.0\.5/);
    assert.deepEqual(words.slice(0, 3), ['etcd', '--name', 'a']);
  });

  test('says what it changed', () => {
    const { changes } = rewriteCommand('kube-scheduler', ['kube-scheduler', '--secure-port=10259', '--v=2'], scratch);
    assert.deepEqual(changes.map(changeText), [
      '--secure-port: 10259 → 20007',
      '--bind-address: (not given) → 127.0.0.1',
    ]);
  });
});
