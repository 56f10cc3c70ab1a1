import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { eventually, expectCode } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import { changesOf, FollowingPlane } from './support/following-plane.ts';
import { containerIds } from './support/plane.ts';

const inFull = process.env.E2E_MATRIX === 'all';
const everything = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

for (const runtime of runtimes(['process'])) {
  describe(`certificates, kubeconfigs and files follow the configuration on ${runtime}`, () => {
    test('one after the other on a living control plane', { timeout: 580_000 }, async (t) => {
      const plane = new FollowingPlane(runtime);
      t.after(() => plane.destroy());
      expectCode(await plane.init(), 0);

      await t.test(
        'a name more in the certificate is served, restarts nothing, and goes again by rollback',
        async () => {
          plane.configure({ certSANs: ['api.example.org'] });
          const [change] = changesOf(await plane.plan());
          assert.match(change?.because ?? '', /^issued anew: it is not valid for api\.example\.org$/);
          assert.deepEqual(await plane.applied(), []);
          await eventually(
            'it is served',
            async () => (await plane.servedSans()).includes('api.example.org') || undefined,
            90_000,
          );
          assert.match((await plane.history()).at(-1)?.changes.join() ?? '', /apiserver\.crt/);
          expectCode(await plane.bootstrap(['plan']), 0);
          assert.deepEqual(await plane.rolledBack('1'), []);
          await eventually(
            'it is gone',
            async () => !(await plane.servedSans()).includes('api.example.org') || undefined,
            90_000,
          );
        },
      );

      await t.test(
        'another controlPlaneEndpoint is in the kubeconfigs that people use, and in the certificate',
        async () => {
          plane.configure({ endpoint: 'localhost' });
          const names = changesOf(await plane.plan()).map(({ name }) => name);
          for (const name of ['apiserver.crt', 'admin.conf', 'super-admin.conf']) assert.ok(names.includes(name), name);
          assert.deepEqual(await plane.applied(), []);
          assert.equal(plane.serverOf('admin.conf'), `https://localhost:${plane.ports.apiServer}`);
          assert.ok(plane.sansOf('apiserver.crt').includes('localhost'));
          expectCode(await plane.kubectl(['get', 'namespaces']), 0);
          assert.deepEqual(await plane.rolledBack('1'), []);
          assert.equal(plane.serverOf('admin.conf'), `https://127.0.0.1:${plane.ports.apiServer}`);
        },
      );

      await t.test(
        'a moved address is followed by all four, by their certificates and by the etcd member',
        async () => {
          plane.configure({ address: '127.0.0.2' });
          assert.deepEqual(await plane.applied(), everything);
          assert.deepEqual(await plane.peerUrls(), [`https://127.0.0.2:${plane.ports.etcdPeer}`]);
          assert.equal(plane.serverOf('scheduler.conf'), `https://127.0.0.2:${plane.ports.apiServer}`);
          for (const file of ['apiserver.crt', 'etcd/server.crt', 'etcd/peer.crt'])
            assert.ok(plane.sansOf(file).includes('127.0.0.2'), file);
          expectCode(await plane.kubectl(['get', 'namespaces']), 0);
          assert.deepEqual(await plane.rolledBack('1'), everything);
          assert.deepEqual(await plane.peerUrls(), [`https://127.0.0.1:${plane.ports.etcdPeer}`]);
          assert.ok(!plane.sansOf('etcd/peer.crt').includes('127.0.0.2'));
          expectCode(await plane.bootstrap(['plan']), 0);
        },
      );

      await t.test('another node name is refused before anything is touched', async () => {
        plane.configure({ name: 'node2' });
        const before = containerIds(await plane.status());
        const refused = expectCode(await plane.apply(), 2);
        assert.match(refused.stderr, /nodeRegistration\.name.*node1 → node2/s);
        assert.deepEqual(containerIds(await plane.status()), before);
      });

      await t.test(
        'a client certificate that has expired is issued anew, and who reads it at start restarts',
        async () => {
          plane.configure({});
          plane.expire('scheduler.conf');
          const [change, ...others] = changesOf(await plane.plan());
          assert.match(change?.because ?? '', /client certificate expired on/);
          assert.deepEqual([change?.name, others.length], ['scheduler.conf', 0]);
          assert.deepEqual(await plane.applied(), ['kube-scheduler']);
          const [certificate] = plane.clientCertificate('scheduler.conf');
          assert.ok(new X509Certificate(certificate ?? '').validToDate.getTime() > Date.now());
        },
      );

      await t.test('a CA or the key of service accounts that was replaced by hand is refused', async () => {
        for (const [file, other] of [
          ['ca', 'front-proxy-ca'],
          ['sa', undefined],
        ] as const) {
          const undo = plane.exchange(file, other);
          const refused = expectCode(await plane.apply(), 2);
          assert.match(refused.stderr, file === 'ca' ? /ca\.crt: .*put the former one back/ : /sa\.key: .*put it back/);
          undo();
        }
        expectCode(await plane.bootstrap(['plan']), 0);
      });

      await files(t, plane);
    });
  });
}

for (const runtime of runtimes([]).filter((name) => name !== 'process')) {
  test(`a mounted file that changes starts its component again, and nobody else, on ${runtime}`, {
    timeout: 580_000,
  }, async (t) => {
    const plane = new FollowingPlane(runtime);
    t.after(() => plane.destroy());
    plane.configure({ files: true });
    expectCode(await plane.init(), 0);
    const text = readFileSync(plane.manifest('kube-apiserver'), 'utf8');
    plane.writeInput('audit.yaml', plane.auditPolicy('Metadata'));
    assert.deepEqual(await plane.applied(), ['kube-apiserver']);
    assert.equal(readFileSync(plane.manifest('kube-apiserver'), 'utf8'), text);
    expectCode(await plane.bootstrap(['plan']), 0);
    expectCode(await plane.kubectl(['get', 'namespaces']), 0);
    await eventually('it is audited', async () => (await plane.auditLog()).includes('"level":"Metadata"') || undefined);
    plane.configure({ files: true, certSANs: ['api.example.org'] });
    assert.deepEqual(await plane.applied(), []);
    assert.ok(plane.sansOf('apiserver.crt').includes('api.example.org'));
  });
}

/** What the API server reads at start: each file alone rolls it alone. */
async function files(t: { test: typeof test }, plane: FollowingPlane): Promise<void> {
  plane.configure({ files: true });
  assert.deepEqual(await plane.applied(), ['kube-apiserver']);
  const snapshots = () => readdirSync(plane.path('var/lib/bootstrap/snapshots')).length;
  const manifest = plane.manifest('kube-apiserver');
  const text = readFileSync(manifest, 'utf8');
  const rolls = async (name: string, content: string) => {
    plane.writeInput(name, content);
    const { components } = await plane.plan();
    const restarting = components.filter(({ restart }) => restart);
    assert.deepEqual(
      restarting.map(({ component }) => component),
      ['kube-apiserver'],
    );
    assert.match(restarting[0]?.because ?? '', new RegExp(`^it reads .*${name} only at start$`));
    assert.deepEqual(await plane.applied(), ['kube-apiserver']);
    assert.equal(readFileSync(manifest, 'utf8'), text);
    expectCode(await plane.bootstrap(['plan']), 0);
  };

  await t.test('a file that is written again as it was changes nothing', async () => {
    plane.writeInput('audit.yaml', plane.input('audit.yaml'));
    expectCode(await plane.bootstrap(['plan']), 0);
  });

  await t.test('another audit policy', async () => {
    await rolls('audit.yaml', plane.auditPolicy('Metadata'));
    expectCode(await plane.kubectl(['get', 'namespaces']), 0);
    await eventually('it is audited', async () => (await plane.auditLog()).includes('"level":"Metadata"') || undefined);
  });

  await t.test('another encryption of Secrets, with a snapshot of etcd first', async () => {
    const before = snapshots();
    await rolls('encryption.yaml', plane.encryption('aescbc'));
    assert.equal(snapshots(), before + 1);
  });

  if (inFull) await longTail(t, plane, rolls);
}

/** The admission configuration, and what is set live until the next start. */
async function longTail(
  t: { test: typeof test },
  plane: FollowingPlane,
  rolls: (name: string, content: string) => Promise<void>,
): Promise<void> {
  const admission = plane.input('admission.yaml');
  await t.test('a broken admission configuration is refused with the words of the program', async () => {
    plane.writeInput('admission.yaml', admission.replace('privileged', 'no-such-level'));
    const { stderr } = expectCode(await plane.apply(), 2);
    assert.match(stderr, /kube-apiserver would not start: .*enforce: must be one of privileged, baseline, restricted/);
    plane.writeInput('admission.yaml', admission);
    expectCode(await plane.bootstrap(['plan']), 0);
  });

  await t.test('another admission configuration', async () => {
    await rolls('admission.yaml', admission.replace('privileged', 'baseline'));
    const pod = { privileged: true };
    const spec = { containers: [{ name: 'a', image: 'a', securityContext: pod }] };
    const made = await plane.kubectl(
      ['create', '--dry-run=server', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec }),
    );
    assert.match(made.stderr, /violates PodSecurity/);
  });

  await t.test('verbosity is set live, and lasts until the next start', async () => {
    plane.configure({ files: true, verbosity: '5' });
    const before = containerIds(await plane.status());
    const { stderr } = expectCode(await plane.apply(['--live']), 0);
    for (const component of everything.slice(1)) assert.match(stderr, new RegExp(`${component} +set live +--v 0 → 5`));
    assert.deepEqual(containerIds(await plane.status()), before);
    expectCode(await plane.kubectl(['get', 'namespaces']), 0);
    await eventually('it says more', async () => (await plane.auditLog()).includes('"HTTP" verb=') || undefined);
    const pending = changesOf(await plane.plan()).map(({ name, to }) => [name, to]);
    assert.deepEqual(pending, [['--v', '5']], 'the manifests are as they were');
  });
}
