import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorLine, refusedHandshake } from '../../../src/rollout/canary/error-line.ts';

/** The last lines of real programs (Kubernetes v1.37.2, etcd v3.7.0), and the reason in them. */
const rows: readonly (readonly [string, readonly string[], string])[] = [
  [
    'an unknown flag',
    ['Usage:', '  kube-apiserver [flags]', 'Error: unknown flag: --no-such-flag'],
    'unknown flag: --no-such-flag',
  ],
  [
    'a reason once klog is there',
    [
      'I1123 04:03:10.0 1 flags.go:64] FLAG: --v="2"',
      'E1123 04:03:10.078297   14204 run.go:72] "command failed" err="unrecognized feature gate: NoSuchGate"',
    ],
    'unrecognized feature gate: NoSuchGate',
  ],
  [
    'a reason with quotes in it',
    ['E1123 04:03:10.078297   14204 run.go:72] "command failed" err="open \\"/x\\": no such file"'],
    'open "/x": no such file',
  ],
  [
    'an unknown flag of etcd',
    ['flag provided but not defined: -snapshot-cuont', 'Usage:', '  etcd [OPTIONS]'],
    'flag provided but not defined: -snapshot-cuont',
  ],
  [
    'a fatal line of etcd',
    [
      '{"level":"info","msg":"starting"}',
      '{"level":"fatal","msg":"discovery failed","error":"couldn\'t find local name \\"x\\""}',
      'exit status 1',
    ],
    'discovery failed: couldn\'t find local name "x"',
  ],
  ['a panic', ['panic: runtime error', '', 'goroutine 1 [running]:'], 'runtime error'],
  [
    'only a klog error',
    ['E1123 04:03:10.078297 1 a.go:7] "Failed to start" logger="x" err="no key"', 'bye'],
    'Failed to start: no key',
  ],
  [
    'a klog error before the end of its leadership',
    [
      'E1123 04:03:10.1 1 controllermanager.go:278] "Error building controllers" err="open /x: no such file"',
      'E1123 04:03:10.2 1 controllermanager.go:303] "Failed" err="context canceled"',
      'E1123 04:03:10.3 1 controllermanager.go:304] "leaderelection lost/stopped"',
    ],
    'Error building controllers: open /x: no such file',
  ],
  ['anything else', ['one', 'two', ''], 'two'],
];

describe("a program's own reason", () => {
  for (const [name, lines, reason] of rows) {
    test(`is found in ${name}`, () => assert.equal(errorLine(lines), reason));
  }
  test('is none when it wrote nothing', () => assert.equal(errorLine([]), undefined));
});

describe('a handshake that will never come about', () => {
  const line = (port: number, why: string) =>
    `W1123 04:06:34.583660 1 logging.go:55] [core] grpc: addrConn.createTransport failed to connect to {Addr: "127.0.0.1:${port}", }. Err: connection error: desc = "transport: ${why}"`;
  const wrongCa =
    'authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority';

  test('is told in the words of the client', () => {
    assert.equal(refusedHandshake([line(20_001, wrongCa)], 20_001), wrongCa);
  });
  test('is not one of another server, and a refused connection is none', () => {
    assert.equal(refusedHandshake([line(2379, wrongCa)], 20_001), undefined);
    const refused = line(20_001, 'Error while dialing: dial tcp 127.0.0.1:20001: connect: connection refused');
    assert.equal(refusedHandshake([refused], 20_001), undefined);
  });
  test('is found in a quoted error too', () => {
    const lease =
      'E1123 1 leaderelection.go:473] "Error retrieving lease lock" err="Get \\"https://127.0.0.1:20005/apis\\": tls: failed to verify certificate: x509: certificate is valid for a, not b" lock="x"';
    assert.equal(
      refusedHandshake([lease], 20_005),
      'tls: failed to verify certificate: x509: certificate is valid for a, not b',
    );
  });
});
