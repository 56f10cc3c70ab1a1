import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually, expectCode } from './support/command.ts';
import { NetnsPlane } from './support/netns-plane.ts';
import { processesOf } from './support/processes.ts';
import { SmallDiskPlane } from './support/small-disk-plane.ts';

const mib = 2 ** 20;
const thorough = process.env.E2E_MATRIX === 'all';

test('the address of the machine', { timeout: 600_000 }, async (t) => {
  const plane = await NetnsPlane.make();
  t.after(() => plane.destroy());
  const gone = (from: string, to: string) =>
    new RegExp(`${from.replaceAll('.', '\\.')} is no address of this machine any more; it has ${to} \\(eth0\\)`);
  const move = (from: string, to: string) =>
    plane.ip(`addr del ${from}/24 dev eth0`, `addr add ${to}/24 dev eth0`, 'route replace default via 192.0.2.1');

  await t.test(
    'without a default route is asked for where there are several, and taken where there is one',
    async () => {
      await plane.ip('addr add 192.0.2.10/24 dev eth0', 'addr add 198.51.100.7/24 dev cable');
      const refused = expectCode(await plane.init(), 3);
      assert.match(refused.stderr, /no default route to take the address from/);
      assert.match(refused.stderr, /set .*--apiserver-advertise-address to one of its own: .*192\.0\.2\.10 \(eth0\)/);
      assert.equal(existsSync(plane.path('etc')), false);
      await plane.ip('addr del 198.51.100.7/24 dev cable');
      expectCode(await plane.init(), 0);
      expectCode(await plane.kubectl(['create', 'configmap', 'kept']), 0);
      assert.match(readFileSync(plane.path('etc/kubernetes/admin.conf'), 'utf8'), /https:\/\/192\.0\.2\.10:6443/);
    },
  );

  await t.test('is missed by status, plan and the agent’s log once it has changed', async () => {
    await move('192.0.2.10', '192.0.2.77');
    const said = gone('192.0.2.10', '192.0.2.77');
    assert.match((await plane.bootstrap(['status'])).stdout, said);
    const planned = expectCode(await plane.bootstrap(['plan']), 10);
    assert.match(planned.stderr, said);
    assert.match(planned.stdout, /--listen-peer-urls +https:\/\/192\.0\.2\.10:2380 → https:\/\/192\.0\.2\.77:2380/);
    assert.match(planned.stdout, /apiserver\.crt +issued anew: it is not valid for 192\.0\.2\.77/);
    const log = () => said.test(readFileSync(plane.path('var/lib/bootstrap/agent.log'), 'utf8'));
    await eventually('the agent says it', log, 120_000);
  });

  if (thorough) {
    await t.test('that changed under a running plane is put everywhere by apply', async () => {
      await mended('192.0.2.77', ['apply']);
      await move('192.0.2.77', '192.0.2.88');
    });
  }

  await t.test('that changed with a restart of the machine is put everywhere by apply, with no data lost', async () => {
    await plane.kill();
    await mended(thorough ? '192.0.2.88' : '192.0.2.77', ['apply', '--skip-canary']);
  });

  async function mended(address: string, command: readonly string[]): Promise<void> {
    const ran = expectCode(await plane.bootstrap(command), 0);
    assert.match(ran.stdout + ran.stderr, new RegExp(`etcd member node1 .*its peer URL is https://${address}:2380`));
    expectCode(await plane.kubectl(['get', 'configmap', 'kept']), 0);
    for (const name of ['apiserver', 'etcd/server', 'etcd/peer']) {
      const certificate = new X509Certificate(readFileSync(plane.path(`etc/kubernetes/pki/${name}.crt`)));
      assert.equal(certificate.checkIP(address), address, name);
    }
    const info = await plane.kubectl(['get', 'configmap', '-n', 'kube-public', 'cluster-info', '-o', 'yaml']);
    assert.match(info.stdout, new RegExp(`server: https://${address}:6443`));
    assert.equal((await plane.bootstrap(['plan'])).code, 0);
  }
});

test('a disk of 2 GB that is full', { timeout: 600_000 }, async (t) => {
  const plane = await SmallDiskPlane.make();
  t.after(() => plane.destroy());

  await t.test('refuses init with what is needed, and holds nothing of it', async () => {
    await plane.fill(100 * mib);
    const refused = expectCode(await plane.init(), 2);
    assert.match(refused.stderr, /\[ERROR DiskSpace--var-lib-etcd\]: .* MiB free, etcd needs 256 MiB/);
    assert.equal(existsSync(plane.path('etc/kubernetes')), false);
    plane.free();
    expectCode(await plane.init(), 0);
  });

  await t.test('refuses a change before anything is touched, and ends neither the agent nor its watch', async () => {
    const agent = plane.agentPid();
    const manifests = plane.manifests();
    plane.configure({ 'kube-scheduler': { v: 1 } });
    await plane.fill(0);
    const refused = expectCode(await plane.apply(), 2);
    assert.match(refused.stderr, /nothing was touched/);
    const [scheduler] = processesOf(plane.root, 'kube-scheduler');
    if (scheduler !== undefined) process.kill(scheduler, 'SIGKILL');
    const { agent: told } = await plane.status();
    assert.equal(told.pid, agent);
    assert.deepEqual(plane.manifests(), manifests);
    plane.free();
    await eventually('all is ready again', async () => (await plane.status()).ready || undefined, 180_000);
    assert.equal(plane.agentPid(), agent);
    expectCode(await plane.apply(), 0);
    await plane.settled();
  });
});
