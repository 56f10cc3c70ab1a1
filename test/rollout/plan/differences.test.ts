import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toYaml } from '../../../src/kube/yaml.ts';
import { parseCommand } from '../../../src/manifests/command-line.ts';
import { diffManifests } from '../../../src/rollout/plan/differences.ts';
import { isSecret, shown } from '../../../src/rollout/plan/secrets.ts';

type Members = Readonly<Record<string, unknown>>;

function manifest(container: Members = {}, spec: Members = {}): string {
  const main = { name: 'etcd', image: 'etcd:1', command: ['etcd', '--a=1', '--b=2'], ...container };
  return toYaml({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'etcd', namespace: 'kube-system' },
    spec: { hostNetwork: true, containers: [main], ...spec },
  });
}

const diff = (after: string | undefined, before: string | undefined = manifest()) =>
  diffManifests(before, after).map(({ what, name, from, to }) => `${what} ${name}: ${from} → ${to}`);

describe('two manifests', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['flags in another order', manifest({ command: ['etcd', '--b=2', '--a=1'] }), []],
    ['flags given as args', manifest({ command: ['etcd'], args: ['--a=1', '--b', '2'] }), []],
    ['a flag with another value', manifest({ command: ['etcd', '--a=1', '--b=3'] }), ['flag --b: 2 → 3']],
    ['a flag more', manifest({ command: ['etcd', '--a=1', '--b=2', '--c'] }), ['flag --c: undefined → true']],
    ['a flag less', manifest({ command: ['etcd', '--a=1'] }), ['flag --b: 2 → undefined']],
    ['a flag twice', manifest({ command: ['etcd', '--a=1', '--a=0', '--b=2'] }), ['flag --a: 1 → 1, 0']],
    ['another program', manifest({ command: ['sh', 'etcd', '--a=1', '--b=2'] }), ['field command: etcd → sh etcd']],
    ['another image', manifest({ image: 'etcd:2' }), ['image image: etcd:1 → etcd:2']],
    [
      'other requests',
      manifest({ resources: { requests: { cpu: '1' } } }),
      ['resources resources.requests.cpu: undefined → 1'],
    ],
    [
      'a mount',
      manifest(
        { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
        { volumes: [{ name: 'data', hostPath: { path: '/var/data', type: 'Directory' } }] },
      ),
      ['mount data: undefined → /var/data (Directory), at /data'],
    ],
    [
      'a volume that nothing mounts',
      manifest({}, { volumes: [{ name: 'data', hostPath: { path: '/var/data' } }] }),
      ['mount data: undefined → /var/data, not mounted'],
    ],
    [
      'another field',
      manifest({}, { terminationGracePeriodSeconds: 5 }),
      ['field terminationGracePeriodSeconds: 30 → 5'],
    ],
  ];
  for (const [name, after, expected] of cases) {
    test(`with ${name} differ by ${expected.length === 0 ? 'nothing' : expected.join()}`, () => {
      assert.deepEqual(diff(after), expected);
    });
  }

  test('differ in a probe field by field', () => {
    const probe = (periodSeconds: number) => ({ livenessProbe: { httpGet: { path: '/', port: 1 }, periodSeconds } });
    assert.deepEqual(diff(manifest(probe(9)), manifest(probe(3))), ['probe livenessProbe.periodSeconds: 3 → 9']);
  });

  test('say which of several containers differs', () => {
    const side = (image: string) => ({
      containers: [
        { name: 'etcd', image: 'a' },
        { name: 'side', image },
      ],
    });
    assert.deepEqual(diff(manifest({}, side('c')), manifest({}, side('b'))), ['image containers[side].image: b → c']);
  });

  test('one of which is missing or unreadable differ as a whole', () => {
    assert.deepEqual(diff(undefined), ['file manifest: a Pod → undefined']);
    assert.deepEqual(diff('kind: ['), ['file manifest: a Pod → no valid Pod']);
  });
});

test('a word after a bare flag is its value, as only the program could tell otherwise', () => {
  const { program, flags } = parseCommand(['kube-apiserver', '--v', '2', '-x', '--y=']);
  assert.deepEqual(program, ['kube-apiserver']);
  assert.deepEqual(
    [...flags],
    [
      ['--v', ['2']],
      ['--x', ['true']],
      ['--y', ['']],
    ],
  );
});

describe('secrets', () => {
  const hidden = [
    'AWS_SECRET_ACCESS_KEY',
    'GITHUB_TOKEN',
    'DB_PASSWORD',
    'ENCRYPTION_KEY',
    'API_KEY',
    'KEY',
    '--token',
  ];
  for (const name of hidden) test(`${name} is hidden`, () => assert.ok(isSecret(name, 'abc')));
  const open: readonly [string, string][] = [
    ['--service-account-key-file', '/etc/kubernetes/pki/sa.pub'],
    ['--enable-bootstrap-token-auth', 'true'],
    ['--service-account-max-token-expiration', '1h'],
    ['--concurrent-service-account-token-syncs', '5'],
    ['KEYBOARD', 'us'],
    ['key', 'node-role.kubernetes.io/control-plane'],
    ['HTTP_PROXY', 'http://proxy:3128'],
  ];
  for (const [name, value] of open) test(`${name} is shown`, () => assert.ok(!isSecret(name, value)));

  test('two of them differ without a word of either', () => {
    assert.deepEqual(shown('MY_TOKEN', { from: 'a', to: 'b' }), { from: '(hidden)', to: '(hidden, another)' });
  });

  test('the password in a URL is hidden', () => {
    const { to } = shown('HTTP_PROXY', { from: undefined, to: 'http://me:secret@proxy:3128' });
    assert.equal(to, 'http://(hidden)@proxy:3128');
  });
});
