import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Pod } from '../../../src/kube/types.ts';
import { fileFlags } from '../../../src/rollout/plan/file-flags.ts';
import { type FileFacts, planFileChanges } from '../../../src/rollout/plan/plan-files.ts';
import { reloadTable } from '../../../src/rollout/plan/reload-table.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { planeStartedMs, renderedPods, withCommand } from '../../fakes/rollout-builders.ts';

const policy = '/etc/kubernetes/audit/policy.yaml';
let apiServer: Pod;

before(async () => {
  const pod = (await renderedPods(anEcdsaConfig())).get('kube-apiserver')?.pod;
  assert.ok(pod);
  apiServer = pod;
});

function changes(file: Partial<FileFacts['files'][number]>, facts: Partial<FileFacts> = {}): readonly string[] {
  const path = policy;
  return planFileChanges({
    component: 'kube-apiserver',
    pod: withCommand(apiServer, (words) => [...words, `--audit-policy-file=${policy}`]),
    certificatesDir: '/etc/kubernetes/pki',
    files: [{ path, sha256: 'new', lastSha256: 'old', modifiedAtMs: planeStartedMs + 5000, ...file }],
    startedAtMs: planeStartedMs,
    revisionAtMs: planeStartedMs + 1000,
    reissued: new Map(),
    ...facts,
  }).map(({ change, live }) => `${live ? 'live' : 'restart'} ${change.what} ${change.name}: ${change.because}`);
}

describe('a mounted file', () => {
  test('that changed since the revision restarts who reads it at start', () => {
    const because = 'its content is another than in the last good revision';
    assert.deepEqual(changes({}), [`restart file ${policy}: ${because}`]);
  });

  test('that is as the revision has it changes nothing, whenever it was written', () => {
    assert.deepEqual(changes({ lastSha256: 'new' }), []);
  });

  test('that the container has read since changes nothing', () => {
    assert.deepEqual(changes({}, { startedAtMs: planeStartedMs + 6000 }), []);
  });

  test('that is gone restarts, so that it shows', () => {
    assert.deepEqual(changes({ sha256: undefined, modifiedAtMs: undefined }), [`restart file ${policy}: it is gone`]);
  });

  test('of which no revision tells is judged by when the container started', () => {
    const none = { revisionAtMs: undefined };
    assert.equal(changes({ lastSha256: undefined }, none).length, 1);
    assert.equal(changes({ lastSha256: undefined, modifiedAtMs: planeStartedMs - 1 }, none).length, 0);
    assert.equal(changes({ lastSha256: undefined }, { ...none, startedAtMs: undefined }).length, 0);
  });

  test('that a component watches is taken up live', () => {
    const [change] = changes({ path: '/etc/kubernetes/pki/apiserver.crt' });
    assert.match(change ?? '', /^live certificate .*apiserver\.crt/);
  });

  test('among the certificates that no flag names is not read', () => {
    assert.deepEqual(changes({ path: '/etc/kubernetes/pki/other.key' }), []);
  });

  test('elsewhere that no flag names may be read at start', () => {
    assert.match(changes({ path: '/etc/kubernetes/admission/webhook.kubeconfig' })[0] ?? '', /^restart file/);
  });

  test('that is issued anew is one change with its key', () => {
    const item = { file: 'apiserver.crt', because: 'issued anew: it expired' };
    const reissued = new Map([
      ['/etc/kubernetes/pki/apiserver.crt', item],
      ['/etc/kubernetes/pki/apiserver.key', item],
    ]);
    assert.deepEqual(changes({}, { files: [], reissued }), ['live certificate apiserver.crt: issued anew: it expired']);
  });
});

describe('the files that flags name', () => {
  test('are those of the host where they are mounted elsewhere', () => {
    const [main] = apiServer.spec.containers;
    assert.ok(main);
    const container = {
      ...main,
      command: ['kube-apiserver', '--audit-policy-file=/audit/policy.yaml'],
      volumeMounts: [{ name: 'audit', mountPath: '/audit' }],
    };
    const volumes = [{ name: 'audit', hostPath: { path: '/srv/audit' } }];
    const pod = { ...apiServer, spec: { ...apiServer.spec, containers: [container], volumes } };
    assert.deepEqual(fileFlags('kube-apiserver', pod), [
      { flag: '--audit-policy-file', path: '/srv/audit/policy.yaml', reload: 'restart' },
    ]);
  });

  test('encryption is taken up live only where that is asked for', () => {
    const reloadWith = (...flags: readonly string[]) =>
      fileFlags(
        'kube-apiserver',
        withCommand(apiServer, () => ['kube-apiserver', '--encryption-provider-config=/e.yaml', ...flags]),
      )[0]?.reload;
    assert.equal(reloadWith(), 'restart');
    assert.equal(reloadWith('--encryption-provider-config-automatic-reload=true'), 'live');
  });

  test('SNI certificates are found beside their keys and names', () => {
    const pod = withCommand(apiServer, () => ['kube-apiserver', '--tls-sni-cert-key=/a.crt,/a.key:example.org']);
    assert.deepEqual(
      fileFlags('kube-apiserver', pod).map(({ path }) => path),
      ['/a.crt', '/a.key'],
    );
  });

  test('are all in the table that our own manifests name', async () => {
    const pods = await renderedPods(anEcdsaConfig());
    const known = new Set(reloadTable.map(({ component, flag }) => `${component} ${flag}`));
    const unknown = [...pods].flatMap(([component, { pod }]) =>
      (pod.spec.containers[0]?.command ?? [])
        .map((word) => word.split('=') as [string, string?])
        .filter(([flag, value = '']) => /\.(crt|key|pub|conf)$/.test(value) && !known.has(`${component} ${flag}`))
        .map(([flag]) => `${component} ${flag}`),
    );
    assert.deepEqual(unknown, []);
  });
});
