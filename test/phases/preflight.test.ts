import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PreflightError } from '../../src/base/errors.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { preflightFindings, preflightPhase } from '../../src/phases/preflight.ts';
import { aConfig } from '../fakes/builders.ts';
import { aHost, aManifest, anAgentDoor, anInitContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const named = async (context = anInitContext()) =>
  (await preflightFindings(context)).map(({ severity, check, message }) => ({ severity, check, message }));

const aRuntime = {
  version: async () => ({ name: 'process', version: '1', apiVersion: '1' }),
  observePods: async () => [],
};
const withRuntime = { runtime: async () => aRuntime as never };

const context = (change: Parameters<typeof anInitContext>[0] = {}) => anInitContext({ ...withRuntime, ...change });

test('a machine where all is well passes', async () => {
  const passing = context();
  await preflightPhase.run?.(passing);
  assert.deepEqual(
    passing.items.map(({ action }) => action),
    ['passed'],
  );
});

test('all findings come at once, as an error that refuses', async () => {
  const host = aHost(new MemoryHost({ '/var/lib/etcd/member/snap/db': '' }), {
    cpuCount: () => 1,
    totalMemoryBytes: () => 1_000_000_000,
    tryListen: async (_address, port) => (port === 6443 ? 'EADDRINUSE' : undefined),
    listeners: async (port) => [{ address: '0.0.0.0', port, pid: 812, program: 'nginx' }],
  });
  const failing = context({ host, whyNotWritable: async (directory) => (directory === '/' ? 'EROFS' : undefined) });
  await assert.rejects(preflightPhase.run?.(failing) ?? Promise.resolve(), (thrown: unknown) => {
    assert.ok(thrown instanceof PreflightError);
    const checks = thrown.findings.map(({ check }) => check);
    assert.deepEqual(checks, [
      'NumCPU',
      'Mem',
      'DirWritable--etc-kubernetes',
      'Port-6443',
      'DirAvailable--var-lib-etcd',
    ]);
    assert.match(thrown.findings.find(({ check }) => check === 'Port-6443')?.message ?? '', /pid 812 \(nginx\)/);
    return true;
  });
});

test('an ignored check only warns, whatever the case of its name; "all" ignores each', async () => {
  const host = aHost(new MemoryHost(), { cpuCount: () => 1 });
  for (const ignored of ['numcpu', 'all']) {
    const [finding] = await named(context({ host, ignoredChecks: new Set([ignored]) }));
    assert.equal(finding?.severity, 'warning');
    assert.equal(finding?.check, 'NumCPU');
  }
});

test('who is not root and has no place of its own reads that, and nothing else', async () => {
  const host = aHost(new MemoryHost(), { uid: 1000, cpuCount: () => 1 });
  assert.deepEqual(
    (await named(context({ host }))).map(({ check }) => check),
    ['IsPrivilegedUser'],
  );
  const own = await named(context({ host, paths: pathsOf('/home/me/plane') }));
  assert.deepEqual(
    own.map(({ check }) => check),
    ['NumCPU'],
  );
});

test('a port that our own running component holds is free for it, another one is not', async () => {
  const files = new MemoryHost({
    '/etc/kubernetes/manifests/kube-scheduler.yaml': aManifest('kube-scheduler', { 'secure-port': '10259' }),
  });
  const host = aHost(files, { tryListen: async (_address, port) => (port === 10259 ? 'EADDRINUSE' : undefined) });
  const made = {
    add: async () => {},
    all: async () => [{ path: '/etc/kubernetes/manifests/kube-scheduler.yaml', kind: 'file' as const, sha256: '' }],
  };
  const running = async (state: string) =>
    ({
      version: async () => ({}),
      observePods: async () => [{ containers: [{ name: 'kube-scheduler', state }] }],
    }) as never;
  assert.deepEqual(await named(context({ host, made, runtime: () => running('running') })), []);
  const stopped = await named(context({ host, made, runtime: () => running('exited') }));
  assert.deepEqual(
    stopped.map(({ check }) => check),
    ['Port-10259'],
  );
});

test('the health port belongs to the agent that runs', async () => {
  const host = aHost(new MemoryHost(), { tryListen: async (_a, port) => (port === 10248 ? 'EADDRINUSE' : undefined) });
  assert.deepEqual(
    (await named(context({ host }))).map(({ check }) => check),
    ['Port-10248'],
  );
  assert.deepEqual(await named(context({ host, agent: anAgentDoor({ pid: async () => 7 }) })), []);
});

test("a manifest and an etcd data directory of others' are refused, ours are not", async () => {
  const files = new MemoryHost({ '/etc/kubernetes/manifests/etcd.yaml': '{}', '/var/lib/etcd/member/x': '' });
  const host = aHost(files);
  const foreign = await named(context({ host }));
  assert.deepEqual(
    foreign.map(({ check }) => check),
    ['FileAvailable--etc-kubernetes-manifests-etcd.yaml', 'DirAvailable--var-lib-etcd'],
  );
  const all = async () => [
    { path: '/etc/kubernetes/manifests/etcd.yaml', kind: 'file' as const, sha256: '' },
    { path: '/var/lib/etcd', kind: 'contents' as const },
  ];
  assert.deepEqual(await named(context({ host, made: { add: async () => {}, all } })), []);
});

test('names of checks do not change with the root directory', async () => {
  const host = aHost(new MemoryHost({ '/srv/plane/var/lib/etcd/member/x': '' }));
  const [finding] = await named(context({ host, paths: pathsOf('/srv/plane') }));
  assert.equal(finding?.check, 'DirAvailable--var-lib-etcd');
  assert.match(finding?.message ?? '', /\/srv\/plane\/var\/lib\/etcd/);
});

test('a full disk is named with what is free', async () => {
  const files = new MemoryHost();
  files.free = 10 * 2 ** 20;
  const checks = (await named(context({ host: aHost(files) }))).map(({ check }) => check);
  assert.deepEqual(checks, ['DiskSpace--var-lib-etcd', 'DiskSpace--var-lib-bootstrap', 'DiskSpace--var-log-pods']);
});

test('every image that is nowhere is named; without a runtime only the runtime is', async () => {
  const obtainImage = async (reference: string) => {
    if (reference.includes('etcd')) throw new Error(`image ${reference} is nowhere to be had`);
  };
  const missing = await named(context({ obtainImage }));
  assert.deepEqual(
    missing.map(({ check }) => check),
    ['ImagePull'],
  );
  assert.match(missing[0]?.message ?? '', /registry\.k8s\.io\/etcd:3\.7\.0-0/);
  const unreachable = await named(anInitContext({ obtainImage }));
  assert.deepEqual(
    unreachable.map(({ check }) => check),
    ['CRI'],
  );
});

test('what a runtime says of itself is a finding of the check it names, and images are not asked of one that is not ready', async () => {
  const warning = { check: 'ContainerRuntimeVersion', severity: 'warning', message: 'tells no cgroup driver' } as const;
  const error = { check: 'CRI', severity: 'error', message: 'not ready' } as const;
  const asked: string[] = [];
  const obtainImage = async (reference: string) => void asked.push(reference);
  const saying = (...remarks: readonly object[]) =>
    context({
      obtainImage,
      runtimeType: async () => ({ type: 'cri', endpoint: undefined }),
      runtime: async () => ({ ...aRuntime, network: async () => ({}), remarks: async () => remarks }) as never,
    });
  assert.deepEqual(await named(saying(warning)), [warning]);
  assert.ok(asked.some((reference) => reference.startsWith('registry.k8s.io/pause:')));
  asked.length = 0;
  assert.deepEqual(await named(saying(error)), [error]);
  assert.deepEqual(asked, []);
});

test('where no agent is started nobody asks for a runtime or an image', async () => {
  const handedOver = aConfig((config) => ({ ...config, init: { ...config.init, skipPhases: ['start-agent'] } }));
  assert.deepEqual(await named(anInitContext({ config: handedOver })), []);
});

test('proxies and a node name that does not resolve only warn, and no password is shown', async () => {
  const env = (name: string) =>
    ({ HTTPS_PROXY: 'http://me:secret@proxy:3128', NO_PROXY: '10.0.0.0/8,.example.org' })[name];
  const found = await named(context({ host: aHost(new MemoryHost(), { env, resolve: async () => [] }) }));
  assert.deepEqual(
    found.map(({ severity, check }) => `${severity} ${check}`),
    ['warning Hostname', 'warning HTTPProxy'],
  );
  assert.ok(found.every(({ message }) => !message.includes('secret')));
});

test('an external etcd is asked for its version and its files', async () => {
  const external = {
    endpoints: ['https://192.0.2.20:2379'],
    httpEndpoints: [],
    caFile: '/ca',
    certFile: '/crt',
    keyFile: '/key',
  };
  const config = aConfig((base) => ({ ...base, cluster: { ...base.cluster, etcd: { external } } }));
  const answer = (version: string) => ({
    request: async () => ({ status: 200, headers: {}, body: Buffer.from(JSON.stringify({ etcdserver: version })) }),
  });
  const files = () => new MemoryHost({ '/ca': 'x', '/crt': 'x', '/key': 'x' });
  assert.deepEqual(await named(context({ config, host: aHost(files(), answer('3.7.0')) })), []);
  const old = await named(context({ config, host: aHost(files(), answer('3.5.9')) }));
  assert.deepEqual(
    old.map(({ check }) => check),
    ['ExternalEtcdVersion'],
  );
  const checks = (await named(context({ config }))).map(({ check }) => check);
  assert.deepEqual(new Set(checks), new Set(['ExternalEtcdClientCertificates', 'ExternalEtcdVersion']));
});
