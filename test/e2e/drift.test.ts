import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { eventually, expectCode, run } from './support/command.ts';
import { type DriftDocument, otherImage, startFromOtherImage } from './support/drift.ts';
import { runtimes } from './support/engine.ts';
import { containerIds, type PlaneStatus } from './support/plane.ts';
import { RolloutPlane } from './support/rollout-plane.ts';

const limits = { timeout: 300_000 };

/** Of those that nothing here starts anew; the leaders also end by themselves when a busy machine costs them their lease. */
function lasting(status: PlaneStatus): readonly (string | undefined)[] {
  const ids = containerIds(status);
  return [ids['etcd-node1'], ids['kube-apiserver-node1']];
}

for (const runtime of runtimes(['process'])) {
  describe(`drift on ${runtime}`, () => {
    test('tells what was changed behind its back, and puts it right', limits, async (t) => {
      const plane = new RolloutPlane(runtime);
      t.after(() => plane.destroy());
      const path = (name: string) => plane.path(`etc/kubernetes/${name}`);
      const drift = (...args: readonly string[]) => plane.bootstrap(['drift', ...args]);
      const causes = async () => {
        const document = JSON.parse(expectCode(await drift('-o', 'json'), 10).stdout) as DriftDocument;
        const components = document.components.flatMap(({ component, changes }) =>
          changes.map(({ name, cause }) => `${component} ${name}: ${cause}`),
        );
        const others = [...document.files, ...document.takenUp].map(({ name, cause }) => `${name}: ${cause}`);
        return [...components, ...others];
      };
      const edit = (file: string, change: (text: string) => string) =>
        writeFileSync(file, change(readFileSync(file, 'utf8')));
      const heal = async (...args: readonly string[]) => {
        expectCode(await drift('--heal', ...args), 0);
        expectCode(await drift(), 0);
        await plane.settled();
        return plane.lastRevision();
      };

      await t.test('where nothing is kept it says so, and refuses what only healing takes', async () => {
        assert.match(expectCode(await drift(), 2).stderr, /no good revision is kept .*\n.*bootstrap plan --config/);
        assert.match(expectCode(await drift('--message', 'x'), 3).stderr, /--message means nothing without --heal/);
      });

      expectCode(await plane.init(), 0);

      await t.test('there is none right after init, and healing does nothing', async () => {
        const before = lasting(await plane.status());
        for (const args of [[], ['--heal']]) {
          const { stdout } = expectCode(await drift(...args), 0);
          assert.equal(stdout, 'no drift: disk and running pods are as revision 1 says\n');
        }
        assert.deepEqual(lasting(await plane.status()), before);
        assert.equal(plane.lastRevision().number, 1);
      });

      await t.test('edited, deleted and replaced files are healed at once, and the rest is left alone', async () => {
        const before = lasting(await plane.status());
        edit(plane.manifest('kube-scheduler'), (text) => text.replace('--leader-elect=true', '--leader-elect=false'));
        const gone = plane.manifest('kube-controller-manager');
        rmSync(gone);
        edit(path('admin.conf'), (text) => text.replace(/server: .*/, 'server: https://192.0.2.1:6443'));
        const key = path('pki/apiserver-kubelet-client.key');
        const stranger = ['req', '-x509', '-new', '-key', key, '-subj', '/CN=stranger', '-days', '30'];
        expectCode(await run('openssl', [...stranger, '-out', path('pki/apiserver-kubelet-client.crt')]), 0);
        const found = await eventually('the agent has taken up both', async () => {
          const all = await causes();
          return all.includes(`kube-controller-manager ${gone}: file deleted`) ? all : undefined;
        });
        assert.ok(found.includes('kube-scheduler --leader-elect: hand edit'), found.join('\n'));
        assert.ok(
          found.includes('kube-apiserver apiserver-kubelet-client.crt: certificate replaced'),
          found.join('\n'),
        );
        assert.ok(found.includes('admin.conf: hand edit'), found.join('\n'));
        await eventually('its pod is gone', async () => (await plane.status()).pods.length === 3 || undefined);
        const { stdout } = expectCode(await drift(), 10);
        assert.match(
          stdout,
          /^kube-scheduler {2}edited by hand\n.* WANTED +ON DISK +RUNNING\n {2}--leader-elect +true +false +false /m,
        );
        assert.match(stdout, /^next: bootstrap drift --heal --root-dir /m);

        const revision = await heal('--message', 'as it was');
        assert.deepEqual([revision.number, revision.result, revision.message], [2, 'good', 'as it was']);
        assert.deepEqual(lasting(await plane.status()), before);
      });

      await t.test('a manifest that cannot be read is put right without a restart', async () => {
        const before = lasting(await plane.status());
        writeFileSync(plane.manifest('etcd'), 'kind: Pod\nspec: [\n');
        assert.deepEqual(await causes(), [`etcd ${plane.manifest('etcd')}: hand edit`]);
        await heal();
        assert.deepEqual(lasting(await plane.status()), before);
      });

      await t.test('a mounted file that changed starts anew who reads it only then', async () => {
        const before = await plane.status();
        appendFileSync(path('scheduler.conf'), '# touched\n');
        assert.deepEqual(await causes(), [`kube-scheduler ${path('scheduler.conf')}: file changed`]);
        await heal();
        const now = await plane.status();
        assert.deepEqual(lasting(now), lasting(before));
        assert.notEqual(containerIds(now)['kube-scheduler-node1'], containerIds(before)['kube-scheduler-node1']);
      });

      if (runtime === 'docker') {
        await t.test('a container that was started from another image is replaced', async (u) => {
          await startFromOtherImage(plane, 'kube-scheduler');
          u.after(() => run('docker', ['rmi', otherImage]));
          assert.deepEqual(await causes(), ['kube-scheduler running image: other image running']);
          await heal();
        });
      }

      await t.test('another CA cannot be healed: it is said, and nothing is touched', async () => {
        const before = lasting(await plane.status());
        const good = readFileSync(path('pki/ca.crt'), 'utf8');
        const own = ['req', '-x509', '-new', '-key', path('pki/ca.key'), '-subj', '/CN=other', '-days', '30'];
        writeFileSync(path('pki/ca.crt'), expectCode(await run('openssl', own), 0).stdout);
        const { stdout } = expectCode(await drift(), 10);
        assert.match(stdout, /! ca\.crt/);
        assert.match(stdout, /cannot be healed until that is put right by hand\n$/);
        assert.match(expectCode(await drift('--heal'), 2).stderr, /ca\.crt/);
        writeFileSync(path('pki/ca.crt'), good);
        expectCode(await drift(), 0);
        assert.deepEqual(lasting(await plane.status()), before);
      });
    });
  });
}
