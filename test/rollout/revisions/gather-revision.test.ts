import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256Hex } from '../../../src/base/hash.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { decodePod } from '../../../src/kube/pod.ts';
import { hashMountedFiles, isReadBy } from '../../../src/rollout/plan/file-hashes.ts';
import { configurationText, gatherRevision } from '../../../src/rollout/revisions/gather-revision.ts';
import { aConfig } from '../../fakes/builders.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const paths = pathsOf('/');

type Volume = { readonly name: string; readonly path: string; readonly readOnly?: boolean };

function withVolumes(volumes: readonly Volume[], command: readonly string[] = ['kube-scheduler']): string {
  const volumeMounts = volumes.map(({ name, path, readOnly = true }) => ({ name, mountPath: path, readOnly }));
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: command[0] },
    spec: {
      containers: [{ name: 'main', image: 'an-image', command, volumeMounts }],
      volumes: volumes.map(({ name, path }) => ({ name, hostPath: { path } })),
    },
  });
}

test('the configuration is kept without secrets and without what is true of one run only', () => {
  const token = {
    token: 'abcdef.0123456789abcdef',
    description: '',
    ttlMs: 1,
    expires: undefined,
    usages: [],
    groups: [],
  };
  const config = aConfig((plain) => ({
    ...plain,
    init: {
      ...plain.init,
      bootstrapTokens: [token],
      certificateKey: 'c0ffee',
      skipPhases: ['preflight'],
      dryRun: true,
      nodeRegistration: { ...plain.init.nodeRegistration, ignorePreflightErrors: ['Mem'] },
    },
  }));
  assert.equal(configurationText(config), configurationText(aConfig()));
  assert.doesNotMatch(configurationText(config), /0123456789abcdef|c0ffee|certificateKey/);
});

test('files are hashed that a component reads; data, logs and trust stores are not', async () => {
  const files = new MemoryHost({
    '/etc/kubernetes/pki/etcd/server.crt': 'server',
    '/etc/kubernetes/audit.yaml': 'audit',
    '/etc/admission/a.yaml': 'a',
    '/etc/admission/below/b.yaml': 'b',
    '/var/log/audit/audit.log': 'log',
    '/var/lib/etcd/member/snap/db': 'data',
    '/etc/ssl/certs/ca.pem': 'trust',
    '/usr/share/ca-certificates/x.crt': 'trust',
  });
  const manifest = withVolumes([
    { name: 'pki', path: '/etc/kubernetes/pki/etcd', readOnly: false },
    { name: 'audit', path: '/etc/kubernetes/audit.yaml' },
    { name: 'admission', path: '/etc/admission/' },
    { name: 'log', path: '/var/log/audit', readOnly: false },
    { name: 'data', path: '/var/lib/etcd' },
    { name: 'ca', path: '/etc/ssl/certs' },
    { name: 'more', path: '/usr/share/ca-certificates' },
    { name: 'gone', path: '/nowhere' },
  ]);
  assert.deepEqual(await hashMountedFiles(files, manifest, paths), {
    '/etc/admission/a.yaml': sha256Hex('a'),
    '/etc/admission/below/b.yaml': sha256Hex('b'),
    '/etc/kubernetes/audit.yaml': sha256Hex('audit'),
    '/etc/kubernetes/pki/etcd/server.crt': sha256Hex('server'),
  });
});

test('files behind links count by what is in them, and one that only a flag names counts too', async () => {
  const root = mkdtempSync(join(tmpdir(), 'hashes-'));
  const policy = join(root, 'policy.yaml');
  const [mounted, revision] = [join(root, 'mounted'), join(root, 'mounted/..1')];
  try {
    mkdirSync(revision, { recursive: true });
    writeFileSync(join(revision, 'a.yaml'), 'a');
    // As kubelets and other tools replace whole directories at once.
    symlinkSync('..1', join(mounted, '..data'));
    symlinkSync('..data/a.yaml', join(mounted, 'a.yaml'));
    symlinkSync('/nowhere', join(mounted, 'broken'));
    writeFileSync(policy, 'policy');
    const command = ['kube-apiserver', `--audit-policy-file=${policy}`, '--token-auth-file=/nowhere'];
    const hashes = await hashMountedFiles(nodeHost, withVolumes([{ name: 'a', path: mounted }], command), paths);
    assert.equal(hashes[join(mounted, 'a.yaml')], sha256Hex('a'));
    assert.equal(hashes[policy], sha256Hex('policy'));
    assert.ok(!Object.keys(hashes).some((path) => /broken|nowhere/.test(path)));
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('a file that is gone is missed where a component would look for it', () => {
  const manifest = withVolumes(
    [
      { name: 'admission', path: '/etc/admission' },
      { name: 'log', path: '/var/log/audit', readOnly: false },
    ],
    ['kube-apiserver', '--audit-policy-file=/etc/audit.yaml'],
  );
  const { pod } = decodePod(manifest, 'it');
  assert.ok(pod);
  const missed = ['/etc/admission/webhook.conf', '/etc/audit.yaml', '/var/log/audit/a.log', '/etc/other.yaml'];
  assert.deepEqual(
    missed.filter((path) => isReadBy(pod, path, paths)),
    ['/etc/admission/webhook.conf', '/etc/audit.yaml'],
  );
});

test('what no manifest can be read from has no files', async () => {
  assert.deepEqual(await hashMountedFiles(new MemoryHost(), 'a: b: c', paths), {});
  assert.deepEqual(await hashMountedFiles(new MemoryHost(), '- 1', paths), {});
});

test('a revision has the manifests on the disk, fingerprints without keys, and the files of each component', async () => {
  const scheduler = withVolumes([{ name: 'kubeconfig', path: paths.schedulerConf }]);
  const files = new MemoryHost({
    [`${paths.manifestsDir}/kube-scheduler.yaml`]: scheduler,
    [paths.schedulerConf]: 'a broken: kubeconfig: x',
    [paths.adminConf]: 'client-key-data: c2VjcmV0',
    [`${paths.certificatesDir}/sa.pub`]: 'public',
    [`${paths.certificatesDir}/sa.key`]: 'private',
  });
  const content = await gatherRevision(aHost(files), { config: aConfig(), paths, templatesDirectory: '/t' });
  assert.deepEqual(content.manifests, { 'kube-scheduler': scheduler });
  assert.equal(content.templatesDirectory, '/t');
  assert.deepEqual(
    content.certificates.map(({ path, kind }) => [path, kind]),
    [
      [`${paths.certificatesDir}/sa.pub`, 'public-key'],
      [paths.adminConf, 'kubeconfig'],
      [paths.schedulerConf, 'kubeconfig'],
    ],
  );
  assert.deepEqual(Object.keys(content.files['kube-scheduler'] ?? {}), [paths.schedulerConf]);
  assert.deepEqual(Object.keys(content.files.none ?? {}), [paths.adminConf, `${paths.certificatesDir}/sa.pub`]);
  assert.doesNotMatch(JSON.stringify(content), /c2VjcmV0|"private"/);
});
