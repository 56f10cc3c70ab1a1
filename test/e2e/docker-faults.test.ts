import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from './support/command.ts';
import { FaultAgent, image, writeFaultImages } from './support/fault-agent.ts';
import { containerOf } from './support/lone-agent.ts';
import { OwnDockerd } from './support/own-dockerd.ts';
import { SocketProxy } from './support/socket-proxy.ts';

const images = mkdtempSync(join(tmpdir(), 'fault-images-'));

const faultAgent = (socketPath: string) => new FaultAgent('docker', socketPath, { archives: images });

before(async () => {
  await writeFaultImages(images);
});
after(() => rmSync(images, { recursive: true, force: true }));

describe('faults of an engine with live-restore', () => {
  const dockerd = new OwnDockerd(true);
  const proxy = new SocketProxy(join(dockerd.directory, 'proxy.sock'), dockerd.socketPath);
  const agent = faultAgent(proxy.path);
  const other = faultAgent(dockerd.socketPath);

  before(async () => {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', other.root]);
    mkdirSync(join(other.root, 'manifests'));
    // Before there is an engine: the agent waits for it.
    await proxy.listen();
    for (const name of ['one', 'two', 'removed']) agent.add(name);
    other.add('one');
    await agent.start();
  });
  after(async () => {
    for (const ended of [agent, other]) {
      await ended.end('SIGTERM');
      await run('umount', [ended.root]);
      rmSync(ended.root, { recursive: true, force: true });
    }
    await proxy.cut();
    await dockerd.destroy();
  });

  it('waits for an engine that is not there yet, says so, and begins when it comes', async () => {
    await agent.says(/cannot ask Docker for its version|cannot list containers/);
    await dockerd.start();
    await agent.pod('one-node1');
    await other.start();
    await other.pod('one-node1');
  });

  it('refuses a pod off the host network, since this engine has no bridge, and runs the others', async () => {
    agent.add('bridged', { hostNetwork: false });
    await agent.pod('bridged-node1', (found) => /without its default bridge/.test(JSON.stringify(found)));
    agent.remove('bridged.yaml');
    await agent.gone('bridged-node1');
  });

  it('makes a sandbox that was killed anew, and its containers with it', async () => {
    const format = '{{index .Config.Labels "io.kubernetes.sandbox.id"}}';
    const sandbox = await dockerd.docker('inspect', '--format', format, await agent.id('one'));
    await dockerd.docker('kill', sandbox);
    await agent.restarted('one', 1);
    const names = await dockerd.docker(
      'ps',
      '--format',
      '{{.Names}}',
      '--filter',
      `label=kube-bootstrap/owner=${agent.owner()}`,
    );
    assert.match(names, /^k8s_POD_one-node1_default_[0-9a-f]{32}_1$/m);
  });

  it('starts a container that was removed by hand, counted as a restart', async () => {
    await dockerd.docker('rm', '-f', await agent.id('two'));
    await agent.restarted('two', 1);
  });

  it("never touches another root's pods or a stranger's container that is named like one", async () => {
    const theirs = await other.id('one');
    const name = `k8s_app_two-node1_default_${'0'.repeat(32)}_0`;
    const labels = ['--label', 'io.kubernetes.docker.type=container', '--label', 'io.kubernetes.pod.name=two-node1'];
    const stranger = await dockerd.docker(
      'run',
      '-d',
      '--network=host',
      '--name',
      name,
      ...labels,
      '--label',
      'io.kubernetes.pod.namespace=default',
      image,
    );
    agent.remove('two.yaml');
    await agent.gone('two-node1');
    const running = await dockerd.docker('ps', '-q', '--no-trunc');
    assert.ok(running.includes(stranger) && running.includes(theirs));
    assert.equal(await other.restarts('one'), 0);
    await dockerd.docker('rm', '-f', stranger);
  });

  it('looks at everything again when the stream of events was cut, and misses nothing', async () => {
    const id = await agent.id('one');
    await proxy.cut();
    await dockerd.docker('kill', id);
    await proxy.listen();
    await agent.restarted('one', 2);
    proxy.delayMs = 50;
    await dockerd.docker('kill', await agent.id('one'));
    await agent.pod(
      'one-node1',
      (found) =>
        containerOf(found).id !== '' && /CrashLoopBackOff|"restarts":3|"restartCount":3/.test(JSON.stringify(found)),
    );
    proxy.delayMs = 0;
  });

  it('restarts nothing when dockerd is restarted', async () => {
    const before = [await other.id('one'), await agent.restarts('removed')];
    await dockerd.stop();
    await dockerd.start();
    agent.add('later');
    await agent.pod('later-node1');
    assert.deepEqual([await other.id('one'), await agent.restarts('removed')], before);
  });

  it('takes a pod down whose manifest was removed while dockerd was stopped (G4)', async () => {
    await agent.pod('removed-node1');
    await dockerd.stop();
    agent.remove('removed.yaml');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const { pods } = await agent.status();
    assert.ok(
      pods.some(({ pod }) => pod.metadata.name === 'removed-node1'),
      'shown until it is known to be gone',
    );
    await dockerd.start();
    await agent.gone('removed-node1');
    const left = await dockerd.docker('ps', '-aq', '--filter', 'label=io.kubernetes.pod.name=removed-node1');
    assert.equal(left, '');
  });

  it('answers and says so while dockerd hangs, and goes on when it does (A16)', async () => {
    const id = await other.id('one');
    dockerd.signal('SIGSTOP');
    try {
      agent.add('during');
      const asked = performance.now();
      await agent.status();
      assert.ok(performance.now() - asked < 2000);
      await agent.says(/no answer from Docker within \d+ s/);
    } finally {
      dockerd.signal('SIGCONT');
    }
    await agent.pod('during-node1');
    assert.equal(await other.id('one'), id);
  });

  it('goes on with a root directory on a full disk, and restarts what ended meanwhile at the latest when there is room (A17)', async () => {
    const id = await other.id('one');
    const filler = join(other.root, 'filler');
    other.add('late');
    await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k']);
    await dockerd.docker('kill', id);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.ok((await other.status()).pods.some(({ pod }) => pod.metadata.name === 'one-node1'));
    rmSync(filler);
    await other.restarted('one', 1);
    await other.pod('late-node1');
  });
});

describe('an engine without live-restore', () => {
  const dockerd = new OwnDockerd(false);
  const agent = faultAgent(dockerd.socketPath);

  before(async () => {
    await dockerd.start();
    agent.add('one');
    await agent.start();
  });
  after(async () => {
    await agent.end('SIGTERM');
    rmSync(agent.root, { recursive: true, force: true });
    await dockerd.destroy();
  });

  it('takes its containers with it when it is restarted: each pod comes back, counted once', async () => {
    await agent.pod('one-node1');
    await dockerd.stop();
    await dockerd.start();
    await agent.restarted('one', 1);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.equal(await agent.restarts('one'), 1);
    const sandboxes = await dockerd.docker('ps', '-q', '--filter', 'label=io.kubernetes.docker.type=podsandbox');
    assert.equal(sandboxes.split('\n').length, 1);
  });
});
