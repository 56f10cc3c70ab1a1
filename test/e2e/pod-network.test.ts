import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { expectCode } from './support/command.ts';
import { freePort } from './support/kubelet-unit.ts';
import { ContainerdWebPods, DockerWebPods } from './support/pod-network.ts';

describe('docker: pods off the host network', () => {
  const pods = new DockerWebPods();
  after(() => pods.destroy());

  test('reach each other, and a hostPort is reachable from the host', async () => {
    await pods.start();
    const hostPort = await freePort();
    pods.add('one', {}, hostPort);
    pods.add('two');
    await pods.reaches('one', 'two');
    await pods.reaches('two', 'one');
    assert.equal(await pods.answer(`127.0.0.1:${hostPort}`), 'one-node1');
    assert.equal((await pods.status()).runtime.network, undefined);
  });
});

describe('cri: pods off the host network', () => {
  let pods: ContainerdWebPods;
  before(async () => {
    pods = await ContainerdWebPods.make();
    await pods.start();
  });
  after(() => pods.destroy());

  const hostPort = 18_080;
  const cidr = ['--pod-network-cidr', '10.77.0.0/16'];
  const waitingOf = async (name: string) =>
    (await pods.now(`${name}-node1`))?.pod.status?.containerStatuses[0]?.state.waiting;
  const configuration = () => join(pods.root, 'etc/cni/net.d/10-bootstrap.conflist');
  const leases = () => {
    const networks = join(pods.root, 'var/lib/cni/networks');
    const [name = ''] = readdirSync(networks);
    return readdirSync(join(networks, name)).filter((file) => file.startsWith('10.77.'));
  };

  test('without a CNI configuration they wait and say why; those on the host network run', async () => {
    pods.add('onhost', { hostNetwork: true });
    pods.add('one', {}, hostPort);
    pods.add('two');
    await pods.up('onhost');
    await pods.eventually(
      'the pods wait',
      async () => (await waitingOf('two'))?.reason === 'NetworkNotReady' || undefined,
    );
    const words = /^network is not ready: container runtime network not ready: NetworkReady=false reason:\w+ message:/;
    const { message = '' } = (await waitingOf('two')) ?? {};
    assert.match(message, words);
    assert.match(message, /looked for in .*net\.d$/);
    assert.equal(await pods.sandboxes('one'), 0);
    const status = await pods.bootstrap('status');
    assert.match(status.stdout, /^network\s+not ready: container runtime network not ready/m);
    assert.match(status.stdout, /^two-node1 +0\/1 +NetworkNotReady/m);
    const document = JSON.parse((await pods.bootstrap('status', '-o', 'json')).stdout) as {
      readonly runtime: { readonly network?: { readonly ready: boolean } };
    };
    assert.equal(document.runtime.network?.ready, false);
  });

  test('init’s phase writes one, and they come up by themselves', async () => {
    const phase = ['init', 'phase', 'cni', '--cni', 'bridge', '--apiserver-advertise-address', '192.0.2.1', ...cidr];
    const dry = expectCode(await pods.bootstrap(...phase, '--dry-run'), 0);
    assert.match(dry.stdout, /^--- .*10-bootstrap\.conflist$/m);
    assert.match(dry.stdout, /"subnet": "10\.77\.0\.0\/24"/);
    assert.ok(!existsSync(configuration()));
    const written = expectCode(await pods.bootstrap(...phase), 0);
    assert.match(written.stderr, /10-bootstrap\.conflist +create +bridge cni-\w+ for 10\.77\.0\.0\/24/);
    const { ip } = await pods.up('one');
    assert.match(ip, /^10\.77\.0\.\d+$/);
    await pods.up('two');
    const status = await pods.bootstrap('status');
    assert.match(status.stdout, /^network +ready$/m);
    const again = expectCode(await pods.bootstrap(...phase), 0);
    assert.match(again.stderr, /10-bootstrap\.conflist +keep/);
  });

  test('they reach each other, and a hostPort is reachable from the host', async () => {
    await pods.reaches('one', 'two');
    await pods.reaches('two', 'one');
    assert.equal(await pods.answer(`127.0.0.1:${hostPort}`), 'one-node1');
    assert.equal(await pods.answer(`192.0.2.1:${hostPort}`), 'one-node1');
    const one = await pods.up('one');
    assert.equal(await pods.answer(`${one.ip}:8080`), 'one-node1');
  });

  test('a configuration whose plugin is missing: others run on, the pod says what is missing and comes up when it is mended', async () => {
    const before = await pods.up('one');
    const good = readFileSync(configuration(), 'utf8');
    replace(configuration(), good.replaceAll('"portmap"', '"no-such-plugin"'));
    await pods.hasRead('no-such-plugin');
    pods.add('three');
    pods.add('second-onhost', { hostNetwork: true });
    await pods.up('second-onhost');
    const broken = await pods.pod('three-node1', ({ lastError = '' }) => lastError.includes('no-such-plugin'));
    const waiting = broken.pod.status?.containerStatuses[0]?.state.waiting;
    assert.equal(waiting?.reason, 'FailedCreatePodSandBox');
    assert.match(waiting?.message ?? '', /failed to find plugin "no-such-plugin" in path \[\/usr\/lib\/cni\]/);
    assert.ok((await pods.sandboxes('three')) <= 1);
    await pods.answer(`127.0.0.1:${hostPort}`);
    replace(configuration(), good);
    await pods.hasRead('portmap');
    await pods.reaches('three', 'one');
    assert.deepEqual(await pods.up('one'), before);
    assert.equal(await pods.sandboxes('three'), 1);
  });

  test('a network that goes takes no pod with it, and a changed manifest leaves the old pod running', async () => {
    const before = await pods.up('two');
    renameSync(configuration(), `${configuration()}.away`);
    await pods.eventually(
      'the network is gone',
      async () => (await pods.status()).runtime.network?.ready === false || undefined,
    );
    pods.add('two', {}, hostPort + 1);
    await pods.pod('two-node1', ({ doing = '' }) => /^the old pod runs on: .*network is not ready/.test(doing));
    await pods.reaches('one', 'three');
    renameSync(`${configuration()}.away`, configuration());
    assert.equal(await pods.answer(`192.0.2.1:${hostPort + 1}`), 'two-node1');
    assert.notEqual((await pods.up('two')).id, before.id);
  });

  test('what goes leaves neither addresses nor rules behind', async () => {
    for (const name of ['one', 'two', 'three']) pods.remove(`${name}.yaml`);
    for (const name of ['one', 'two', 'three']) await pods.gone(`${name}-node1`);
    assert.deepEqual(leases(), []);
    const rules = expectCode(await pods.onMachine('iptables-save', []), 0).stdout;
    assert.doesNotMatch(rules, /--dport 1808\d|10\.77\.0\.\d+\/32/);
  });
});

/** As editors do it: never half written. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
