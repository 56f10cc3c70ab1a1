import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { canaryLeftovers, type Tried, tryChange, untouched } from './support/canaries.ts';
import { eventually, expectCode } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import { Plane } from './support/plane.ts';

const args = (part: string, ...given: readonly (readonly [string, string])[]) =>
  `${part}:\n  extraArgs:\n${given.map(([name, value]) => `  - {name: ${name}, value: '${value}'}\n`).join('')}`;
const etcdArgs = (name: string, value: string) =>
  `etcd:\n  local:\n    extraArgs:\n    - {name: ${name}, value: '${value}'}\n`;

/** The reasons, by component, of a change that was refused. */
function reasons({ error }: Tried): Readonly<Record<string, string>> {
  assert.ok(error !== undefined, 'the change is refused');
  assert.equal(error.exitCode, 2);
  const [, only, reason] = /^(\S+) would not start: (.*)$/.exec(error.message) ?? [];
  if (only !== undefined && reason !== undefined) return { [only]: reason };
  return Object.fromEntries((error.findings ?? []).map(({ path, message }) => [path, message]));
}

/** Each component's reason is its program's own, and is one line. */
function assertReasons(tried: Tried, expected: Readonly<Record<string, RegExp>>): void {
  const said = reasons(tried);
  assert.deepEqual(Object.keys(said).sort(), Object.keys(expected).sort(), JSON.stringify(said));
  for (const [component, pattern] of Object.entries(expected)) {
    assert.match(said[component] ?? '', pattern);
    assert.doesNotMatch(said[component] ?? '', /\n/);
  }
}

for (const runtime of runtimes(['process'])) {
  describe(`canaries on ${runtime}`, () => {
    const plane = new Plane(runtime);
    let assertUntouched: () => Promise<void>;
    before(async () => {
      expectCode(await plane.init(), 0);
      assertUntouched = await untouched(plane);
    });
    after(() => plane.destroy());

    test('a change that is right is tried on all four, which are gone afterwards', async () => {
      const verbosity = (part: string) => args(part, ['v', '1']);
      const cluster = [
        verbosity('apiServer'),
        verbosity('controllerManager'),
        verbosity('scheduler'),
        etcdArgs('snapshot-count', '9000'),
      ].join('');
      const { report, error, stderr } = await tryChange(plane, { cluster });
      assert.equal(error, undefined);
      assert.deepEqual(
        report?.trials.map(({ component, result }) => `${component} ${result}`),
        ['etcd ready', 'kube-apiserver ready', 'kube-controller-manager ready', 'kube-scheduler ready'],
      );
      assert.match(stderr, /canary of etcd: --data-dir: \S+\/var\/lib\/etcd → \S+\/canary\/etcd\/data/);
      assert.match(stderr, /canary of kube-scheduler: --kubeconfig: \S+scheduler\.conf → /);
      await assertUntouched();
    });

    test('flags that do not exist, gates and values are refused at once, in the words of each program', async () => {
      const cluster = [
        args('apiServer', ['no-such-flag', 'x']),
        args('controllerManager', ['feature-gates', 'NoSuchGate=true']),
        args('scheduler', ['v', 'banana']),
        etcdArgs('no-such-flag', 'x'),
      ].join('');
      assertReasons(await tryChange(plane, { cluster }), {
        etcd: /flag provided but not defined: -no-such-flag/,
        'kube-apiserver': /unknown flag: --no-such-flag/,
        'kube-controller-manager': /unrecognized feature gate: NoSuchGate/,
        'kube-scheduler': /invalid argument "banana" for "-v, --v" flag/,
      });
      await assertUntouched();
    });

    test('a wrong CA of etcd and a broken scheduler configuration', async () => {
      const file = join(plane.scratch('scheduler'), 'config.yaml');
      const kubeconfig = plane.path('etc/kubernetes/scheduler.conf');
      const text = `apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nclientConnection: {kubeconfig: ${kubeconfig}}\nprofilez: []\n`;
      writeFileSync(file, text);
      const cluster = [
        args('apiServer', ['etcd-cafile', plane.path('etc/kubernetes/pki/ca.crt')]),
        args('scheduler', ['config', file]),
        `  extraVolumes:\n  - {name: config, hostPath: ${file}, mountPath: ${file}, readOnly: true, pathType: File}\n`,
      ].join('');
      assertReasons(await tryChange(plane, { cluster }), {
        'kube-apiserver': /its connection to etcd: .*certificate signed by unknown authority/,
        'kube-scheduler': /unknown field "profilez"/,
      });
      await assertUntouched();
    });

    test('an image that is nowhere, and a file that is not there', async () => {
      const patches = {
        'kube-scheduler.yaml': 'spec: {containers: [{name: kube-scheduler, image: "127.0.0.1:1/none:v1"}]}',
      };
      const cluster = args('apiServer', ['audit-policy-file', '/no/such/policy.yaml'], ['audit-log-path', '-']);
      assertReasons(await tryChange(plane, { cluster, patches }), {
        'kube-apiserver': /open \/no\/such\/policy\.yaml: no such file or directory/,
        'kube-scheduler': /image 127\.0\.0\.1:1\/none:v1 is nowhere to be had/,
      });
      await assertUntouched();
    });

    if (runtime !== 'process') {
      test('too low a limit of memory', async () => {
        const limits = 'spec: {containers: [{name: kube-scheduler, resources: {limits: {memory: 12Mi}}}]}';
        const tried = await tryChange(plane, { patches: { 'kube-scheduler.yaml': limits } });
        assertReasons(tried, { 'kube-scheduler': /killed for lack of memory/ });
      });
    }

    if (runtime === 'process') {
      const rows: readonly (readonly [string, string, Readonly<Record<string, RegExp>>])[] = [
        [
          'a broken admission configuration',
          args('apiServer', ['admission-control-config-file', 'SCRATCH/broken.yaml']),
          { 'kube-apiserver': /admission/ },
        ],
        [
          'a broken encryption configuration, and an etcd certificate that is not there',
          `${args('apiServer', ['encryption-provider-config', 'SCRATCH/broken.yaml'])}${etcdArgs('cert-file', '/no/such.crt')}`,
          { 'kube-apiserver': /encryption/, etcd: /\/no\/such\.crt/ },
        ],
        [
          'a broken audit policy, and a kubeconfig that is not there',
          `${args('apiServer', ['audit-policy-file', 'SCRATCH/broken.yaml'], ['audit-log-path', '/var/log/audit.log'])}${args('scheduler', ['kubeconfig', '/no/such.conf'])}`,
          { 'kube-apiserver': /audit/, 'kube-scheduler': /\/no\/such\.conf: no such file/ },
        ],
        [
          'a certificate without its key, and a bad value of etcd',
          `${args('apiServer', ['tls-private-key-file', 'PKI/sa.key'])}${etcdArgs('heartbeat-interval', 'often')}`,
          {
            'kube-apiserver': /private key does not match public key/,
            etcd: /invalid value "often" for flag -heartbeat-interval/,
          },
        ],
        [
          'a signing certificate that the controllers cannot read',
          args('controllerManager', ['cluster-signing-cert-file', '/no/such/ca.crt']),
          { 'kube-controller-manager': /\/no\/such\/ca\.crt/ },
        ],
      ];
      for (const [name, cluster, expected] of rows) {
        test(name, async () => {
          const scratch = plane.scratch('files');
          writeFileSync(join(scratch, 'broken.yaml'), 'apiVersion: nobody/v9\nkind: Broken\n');
          const text = cluster.replaceAll('SCRATCH', scratch).replaceAll('PKI', plane.path('etc/kubernetes/pki'));
          assertReasons(await tryChange(plane, { cluster: text }), expected);
          assert.ok(!existsSync('/var/log/audit.log'));
        });
      }

      test('a certificate and kubeconfigs that are still to be issued are issued for the trial, and nowhere else', async () => {
        const pki = plane.path('etc/kubernetes/pki/apiserver.crt');
        const before = readFileSync(pki, 'utf8');
        const cluster = `${args('apiServer', ['v', '1'])}  certSANs: [api.example.org]\ncontrolPlaneEndpoint: api.example.org\n`;
        const { report, error, stderr } = await tryChange(plane, { cluster });
        assert.equal(error, undefined);
        assert.deepEqual(
          report?.trials.map(({ result }) => result),
          ['ready'],
        );
        assert.match(stderr, /canary of kube-apiserver: --tls-cert-file: \S+ → \S+\/canary\/kube-apiserver\/issued\//);
        assert.equal(readFileSync(pki, 'utf8'), before);
        await assertUntouched();
      });
    }

    test('what a killed trial leaves goes with the next one', async () => {
      const cluster = args('scheduler', ['v', '1']);
      const killed = await tryChange(plane, {
        cluster,
        started: async (pid) => {
          await eventually('canaries run', async () => (await canaryLeftovers(plane)).length >= 2 || undefined);
          process.kill(pid, 'SIGKILL');
        },
      });
      assert.equal(killed.code, 137);
      assert.ok((await canaryLeftovers(plane)).length > 0);
      assertReasons(await tryChange(plane, { cluster: args('scheduler', ['no-such-flag', 'x']) }), {
        'kube-scheduler': /unknown flag: --no-such-flag/,
      });
      await assertUntouched();
    });

    test('what a killed trial leaves goes with reset too', async () => {
      await tryChange(plane, {
        cluster: args('scheduler', ['v', '1']),
        started: async (pid) => {
          await eventually('canaries run', async () => (await canaryLeftovers(plane)).length >= 2 || undefined);
          process.kill(pid, 'SIGKILL');
        },
      });
      expectCode(await plane.bootstrap(['reset', '--force']), 0);
      assert.deepEqual(await canaryLeftovers(plane), []);
    });
  });
}
