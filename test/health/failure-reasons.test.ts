import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose, failureReasons } from '../../src/health/failure-reasons.ts';

/** What the components print: etcd 3.7.0 and Kubernetes 1.37.2. */
const examples: Readonly<Record<string, readonly string[]>> = {
  'port-in-use': [
    'E1122 run.go:72] "command failed" err="failed to create listener: failed to listen on 0.0.0.0:6443: listen tcp 0.0.0.0:6443: bind: address already in use"',
    '{"level":"fatal","msg":"discovery failed","error":"listen tcp 127.0.0.1:2379: bind: address already in use"}',
  ],
  'address-not-ours': [
    '{"level":"fatal","msg":"discovery failed","error":"listen tcp 192.0.2.99:2380: bind: cannot assign requested address"}',
  ],
  'unknown-flag': ['Error: unknown flag: --no-such-flag', 'flag provided but not defined: -no-such'],
  'invalid-flag-value': [
    'Error: invalid argument "x" for "--secure-port" flag: strconv.ParseInt: parsing "x": invalid syntax',
  ],
  'unknown-feature-gate': [
    'Error: invalid argument "Nope=true" for "--feature-gates" flag: unrecognized feature gate: Nope',
  ],
  'certificate-not-yet-valid': [
    'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-11-22T21:00:00Z',
  ],
  'certificate-expired': [
    'x509: certificate has expired or is not yet valid: current time 2028-01-01T00:00:00Z is after 2027-11-22T21:00:00Z',
  ],
  'certificate-unknown-authority': ['x509: certificate signed by unknown authority'],
  'certificate-name': ['x509: certificate is valid for 127.0.0.1, not 192.0.2.10'],
  'key-mismatch': ['tls: private key does not match public key'],
  'data-of-another-cluster': ['{"level":"fatal","error":"member 8e9e05c52164694d has already been bootstrapped"}'],
  'data-damaged': ['{"level":"fatal","msg":"failed to read WAL, cannot be repaired"}'],
  'data-in-use': ['{"level":"info","msg":"failed to flock bbolt database"}'],
  'disk-full': ['write /var/lib/etcd/member/wal/0.tmp: no space left on device'],
  'read-only': ['mkdir /var/lib/etcd/member: read-only file system'],
  'image-missing': [
    'image registry.k8s.io/etcd:3.7.0-0 is nowhere to be had: not in Docker; no archives are configured',
  ],
  'permission-denied': ['open /etc/kubernetes/pki/apiserver.key: permission denied'],
  'file-missing': ['open /etc/kubernetes/pki/sa.pub: no such file or directory'],
  'wrong-architecture': ['exec /usr/local/bin/kube-apiserver: exec format error'],
  'too-many-files': ['inotify_init: too many open files'],
  'etcd-unreachable': [
    'W1122 logging.go:55] [core] grpc: addrConn.createTransport failed to connect to {Addr: "127.0.0.1:2379"}. Err: connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:2379: connect: connection refused"',
  ],
};

test('every reason is recognised in what its component prints', () => {
  assert.deepEqual(Object.keys(examples).sort(), failureReasons.map(({ id }) => id).sort());
  for (const [id, lines] of Object.entries(examples)) {
    for (const line of lines) assert.equal(diagnose({ lines: ['something else', line] })?.reason.id, id, line);
  }
});

test('every reason says what it is about, and what to do, without a hole in the text', () => {
  for (const [id, [line = '']] of Object.entries(examples)) {
    const found = diagnose({ lines: [line] });
    assert.ok(found !== undefined, id);
    const text = `${found.reason.say(found.match)} ${found.reason.next(found.match)}`;
    assert.doesNotMatch(text, /undefined|NaN/, id);
  }
});

test('a port in use gives the port whose holder is to be named', () => {
  const found = diagnose({ lines: examples['port-in-use'] ?? [] });
  assert.equal(found?.reason.port?.(found.match), 2379);
  assert.match(found?.reason.say(found.match) ?? '', /port 2379/);
});

test("the agent's own error counts as much as a line of the log; ordinary lines mean nothing", () => {
  assert.equal(diagnose({ lines: [], agentError: examples['image-missing']?.[0] ?? '' })?.reason.id, 'image-missing');
  assert.equal(diagnose({ lines: ['I1122 serving securely on [::]:6443'] }), undefined);
});
