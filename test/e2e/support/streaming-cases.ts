import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { program } from '../../components/locations.ts';
import { eventually, expectCode, run } from './command.ts';
import type { RuntimeUnderTest } from './engine.ts';
import { kubectlRunning, type Transport } from './kubelet-client.ts';
import type { Plane } from './plane.ts';

/** What kubectl streams to and from pod `web-node1`, by one of its ways. */
export function streamingCases(about: {
  readonly plane: Plane;
  readonly runtime: RuntimeUnderTest;
  /** Where the pod's web server listens. */
  readonly httpPort: number;
  readonly transport: Transport;
}): void {
  const { plane, runtime, httpPort } = about;
  const { name, env } = about.transport;
  const inWeb = ['exec', 'web-node1', '-c', 'web'];
  test(`exec over ${name}: output, errors and exit code apart, input, a terminal`, async () => {
    const apart = await plane.kubectl([...inWeb, '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'], undefined, env);
    assert.equal(apart.code, 3);
    assert.equal(apart.stdout, 'out\n');
    assert.match(apart.stderr, /^err\ncommand terminated with exit code 3\n$/);
    const large = 'x'.repeat(1_000_000);
    assert.equal((await plane.kubectl([...inWeb, '-i', '--', 'cat'], large, env)).stdout.length, large.length);
    const terminal = await run(
      'script',
      ['-qec', [program('kubectl'), ...inWeb, '-it', '--', 'tty'].join(' '), '/dev/null'],
      {
        env: {
          KUBECONFIG: plane.path('etc/kubernetes/admin.conf'),
          KUBECACHEDIR: plane.path('kubectl-cache'),
          ...env,
        },
      },
    );
    assert.match(terminal.stdout, /\/dev\/pts\/\d+/);
    const missing = await plane.kubectl([...inWeb, '--', 'no-such-program'], undefined, env);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stdout + missing.stderr, /no-such-program/);
  });

  test(`attach over ${name} shows what the program writes from then on`, async () => {
    const attached = kubectlRunning(plane, ['attach', 'web-node1', '-c', 'ticker'], env);
    await eventually('lines come', () => /tick\r?\ntick/.test(attached.said()) || undefined);
    await attached.stop();
    // A bare program reads nothing, which is said where it is started.
    if (runtime === 'process') return;
    const typing = kubectlRunning(plane, ['attach', '-i', 'web-node1', '-c', 'reader'], env);
    await eventually('what is typed reaches the program', () => {
      typing.type(`${name}\n`);
      return typing.said().includes(`read ${name}`) || undefined;
    });
    await typing.stop();
  });

  test(`cp over ${name}, there and back`, async () => {
    const directory = plane.scratch(`cp-${name}`);
    const [source, back, there] = [
      `${directory}/source`,
      `${directory}/back`,
      `/tmp/${plane.ports.kubeletApi}-${name}`,
    ];
    writeFileSync(source, 'content\n');
    expectCode(await plane.kubectl(['cp', source, `web-node1:${there}`, '-c', 'web'], undefined, env), 0);
    expectCode(await plane.kubectl(['cp', `web-node1:${there}`, back, '-c', 'web'], undefined, env), 0);
    assert.equal(readFileSync(back, 'utf8'), 'content\n');
    expectCode(await plane.kubectl([...inWeb, '--', 'rm', there], undefined, env), 0);
  });

  test(`port-forward over ${name}: several connections, and a port on which nobody listens`, async () => {
    const forwarding = kubectlRunning(plane, ['port-forward', 'pod/web-node1', `:${httpPort}`, ':1'], env);
    const port = await eventually('it forwards', () => /127.0.0.1:(\d+) -> (?!1$)/m.exec(forwarding.said())?.[1]);
    const answers = await Promise.all(
      ['a', 'b', 'c'].map(async (word) => (await fetch(`http://127.0.0.1:${port}/echo?msg=${word}`)).text()),
    );
    assert.deepEqual(answers, ['a', 'b', 'c']);
    const closed = await eventually('the other too', () => /127.0.0.1:(\d+) -> 1$/m.exec(forwarding.said())?.[1]);
    await assert.rejects(fetch(`http://127.0.0.1:${closed}/`));
    assert.match(await eventually('it says why', () => forwarding.said().match(/error forwarding.*/i)?.[0]), /1\b/);
    await forwarding.stop();
  });
}
