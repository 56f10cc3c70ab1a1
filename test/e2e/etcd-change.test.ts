import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createEtcdClient, readEtcdAccess } from '../../src/etcd/client.ts';
import { listMembers } from '../../src/etcd/members.ts';
import { verifySnapshot } from '../../src/etcd/snapshot.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { program } from '../components/locations.ts';
import { eventually, expectCode, run } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import { assertNothingLost, startProbing } from './support/probing-clients.ts';
import { RolloutPlane } from './support/rollout-plane.ts';

const keepRevisions = 2;
const rolledBack = 5;

for (const runtime of runtimes(['process'])) {
  describe(`a change of etcd on ${runtime}`, () => {
    test('keeps all data, with a snapshot first', { timeout: 300_000 }, async (t) => {
      const plane = new EtcdPlane(runtime, { keepRevisions });
      t.after(() => plane.destroy());
      expectCode(await plane.init(), 0);

      await t.test('is announced by plan, with its snapshot', async () => {
        plane.configure({ etcd: { 'heartbeat-interval': 110 } });
        const ran = expectCode(await plane.bootstrap(['plan', '--config', plane.config]), 10);
        assert.match(ran.stdout, /a snapshot of etcd is taken first, because etcd restarts/);
        assert.deepEqual(plane.snapshots(), []);
      });

      await t.test('loses no acknowledged write and no event, and leaves a sound snapshot', async () => {
        const probing = await startProbing({ kubeconfig: plane.path('etc/kubernetes/admin.conf') });
        t.after(() => probing.kill());
        expectCode(await plane.apply(), 0);
        assert.equal(plane.runningFlag('etcd', 'heartbeat-interval'), '110');
        assertNothingLost(await probing.stop());
        const [file = '', ...others] = plane.snapshots();
        assert.deepEqual(others, []);
        assert.match(file, /\/revision-2-\d{8}T\d{6}Z\.db$/);
        assert.equal(statSync(file).mode & 0o777, 0o600);
        await verifySnapshot(nodeHost, file);
        const status = expectCode(await run(program('etcdutl'), ['snapshot', 'status', file, '-w', 'json']), 0);
        assert.ok(JSON.parse(status.stdout).totalKey > 100, status.stdout);
      });

      await t.test('that breaks it for real goes back, with all data', async () => {
        expectCode(await plane.kubectl(['create', 'configmap', 'kept', '--from-literal=a=1']), 0);
        plane.configure({ etcd: { 'heartbeat-interval': 110, 'no-such-flag': 1 } });
        const ran = expectCode(await plane.apply(['--skip-canary']), rolledBack);
        assert.match(ran.stderr, /no-such-flag/);
        await plane.settled();
        assert.equal(await plane.value('kept'), '1');
      });

      await t.test(
        'of its peer URL reaches the member list, and goes back with a change that fails later',
        async () => {
          const before = await plane.peerUrls();
          const { url, flags: moved } = plane.moved();
          plane.configure({ etcd: moved, 'kube-scheduler': { 'no-such-flag': 1 } });
          const failed = expectCode(await plane.apply(['--skip-canary']), rolledBack);
          assert.match(failed.stdout + failed.stderr, new RegExp(`its peer URL is ${url}, was ${before}`));
          assert.deepEqual(await plane.peerUrls(), before);
          plane.configure({ etcd: moved });
          expectCode(await plane.apply(), 0);
          assert.deepEqual(await plane.peerUrls(), [url]);
          assert.equal(await plane.value('kept'), '1');
        },
      );

      // Two more restarts of etcd, for a way that hardly anybody configures it.
      if (process.env.E2E_MATRIX === 'all') {
        await t.test('without its JSON gateway is made all the same, and says what is missing', async () => {
          plane.configure({ etcd: { ...plane.moved().flags, 'enable-grpc-gateway': 'false' } });
          expectCode(await plane.apply(['--skip-canary']), 0);
          plane.configure({ etcd: plane.moved().flags });
          const ran = expectCode(await plane.apply(['--skip-canary']), 0);
          assert.match(ran.stderr, /no snapshot of etcd is taken: .*JSON gateway is turned off/);
          assert.equal(await plane.value('kept'), '1');
        });
      }

      await t.test('keeps no more snapshots than revisions', () => {
        assert.equal(plane.snapshots().length, keepRevisions);
      });

      await t.test(
        'the Lease of a replaced controller manager is freed, so that the new one need not wait',
        async () => {
          const before = await plane.holder();
          const holders = plane.watchHolders();
          plane.configure({ etcd: plane.moved().flags, 'kube-controller-manager': { v: 1 } });
          expectCode(await plane.apply(), 0);
          const after = await eventually('there is a new leader', async () => {
            const now = await plane.holder();
            return now !== '' && now !== before ? now : undefined;
          });
          assert.deepEqual(await holders.end(), [before, '', after]);
        },
      );
    });
  });
}

const leaseOfControllerManager = ['lease', '-n', 'kube-system', 'kube-controller-manager'];

class EtcdPlane extends RolloutPlane {
  snapshots(): readonly string[] {
    const directory = this.path('var/lib/bootstrap/snapshots');
    try {
      return readdirSync(directory)
        .sort()
        .map((name) => join(directory, name));
    } catch {
      return [];
    }
  }

  /** The flags of an etcd that listens for its peers elsewhere. */
  moved(): { readonly url: string; readonly flags: Readonly<Record<string, string>> } {
    const url = `https://127.0.0.1:${Number(this.ports.etcdPeer) + 6}`;
    const flags = {
      'listen-peer-urls': url,
      'initial-advertise-peer-urls': url,
      'initial-cluster': `node1=${url}`,
    };
    return { url, flags };
  }

  async value(configMap: string): Promise<string> {
    return expectCode(await this.kubectl(['get', 'configmap', configMap, '-o', 'jsonpath={.data.a}']), 0).stdout;
  }

  async holder(): Promise<string> {
    const args = ['get', ...leaseOfControllerManager, '-o', 'jsonpath={.spec.holderIdentity}'];
    return expectCode(await this.kubectl(args), 0).stdout;
  }

  /** Who holds the Lease of the controller manager, one after the other, from now on. */
  watchHolders(): { readonly end: () => Promise<readonly string[]> } {
    const kubeconfig = this.path('etc/kubernetes/admin.conf');
    const output = 'jsonpath={"holder="}{.spec.holderIdentity}{"\\n"}';
    const args = ['--kubeconfig', kubeconfig, 'get', ...leaseOfControllerManager, '-w', '-o', output];
    let pid = 0;
    const ended = run(program('kubectl'), args, {
      started: (started) => {
        pid = started;
      },
    });
    return {
      end: async () => {
        process.kill(pid);
        const lines = (await ended).stdout.match(/(?<=^holder=).*$/gm) ?? [];
        return lines.filter((line, index) => line !== lines[index - 1]);
      },
    };
  }

  async peerUrls(): Promise<readonly string[]> {
    const endpoint = `https://127.0.0.1:${this.ports.etcdClient}`;
    const access = await readEtcdAccess(nodeHost, { certificatesDir: this.path('etc/kubernetes/pki') }, endpoint);
    const { members } = await listMembers(createEtcdClient(nodeHost, access));
    return members.flatMap(({ peerUrls }) => peerUrls);
  }
}
