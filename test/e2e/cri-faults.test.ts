import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeCri } from '../fakes/fake-cri.ts';
import { bootstrap, eventually, expectCode, run } from './support/command.ts';
import { pause } from './support/containerd-configuration.ts';
import { FaultAgent, writeFaultImages } from './support/fault-agent.ts';
import { containerOf } from './support/lone-agent.ts';
import { OwnContainerd } from './support/own-containerd.ts';
import { SocketProxy } from './support/socket-proxy.ts';

const archives = mkdtempSync(join(tmpdir(), 'fault-images-'));

const faultAgent = (socketPath: string) => new FaultAgent('cri', socketPath, { archives });

before(async () => {
  await writeFaultImages(archives);
});
after(() => rmSync(archives, { recursive: true, force: true }));

describe('faults of containerd', () => {
  const containerd = new OwnContainerd({ plugins: [] });
  const proxy = new SocketProxy(join(containerd.directory, 'proxy.sock'), containerd.socketPath);
  const agent = faultAgent(proxy.path);
  const other = faultAgent(containerd.socketPath);
  const kill = (id: string) => containerd.ctr('tasks', 'kill', '--signal', 'SIGKILL', id);

  before(async () => {
    // Before there is a runtime: the agent waits for it.
    await proxy.listen();
    for (const name of ['one', 'two', 'removed']) agent.add(name);
    other.add('one');
    await agent.start();
  });
  after(async () => {
    for (const ended of [agent, other]) {
      await ended.end('SIGTERM');
      rmSync(ended.root, { recursive: true, force: true });
    }
    await proxy.cut();
    await containerd.destroy();
  });

  /** Sandboxes and containers of this agent's pod by name, as the runtime has them. */
  const containersOf = (name: string) =>
    containerd.asked(async (client) => {
      const labelSelector = { 'kube-bootstrap/owner': agent.owner(), 'io.kubernetes.pod.name': `${name}-node1` };
      const options = { what: 'cannot list', timeoutMs: 60_000 };
      const { containers } = await client.call('ListContainers', { filter: { labelSelector } }, options);
      const { items } = await client.call('ListPodSandbox', { filter: { labelSelector } }, options);
      return { containers, sandboxes: items };
    });

  it('waits for a runtime that is not there yet, says so, and begins when it comes', async () => {
    await agent.says(/cannot reach the container runtime at \S+proxy\.sock/);
    await containerd.start();
    await agent.pod('one-node1');
    await other.start();
    await other.pod('one-node1');
  });

  it('makes a sandbox that was killed anew, and its containers with it', async () => {
    const [sandbox] = (await containersOf('one')).sandboxes;
    await kill(sandbox?.id ?? '');
    await agent.restarted('one', 1);
    const { sandboxes } = await containersOf('one');
    const ready = sandboxes.filter(({ state }) => state === 'SANDBOX_READY');
    assert.deepEqual(
      ready.map(({ metadata }) => metadata?.attempt),
      [1],
    );
  });

  it('starts a container that was removed by hand, counted as a restart', async () => {
    const containerId = await agent.id('two');
    await containerd.asked((client) => client.call('RemoveContainer', { containerId }, { what: 'cannot remove' }));
    await agent.restarted('two', 1);
  });

  it('looks at everything again when the stream of events was cut, and misses nothing', async () => {
    // Its first restart: that one is at once.
    const id = await agent.id('removed');
    await proxy.cut();
    await kill(id);
    await proxy.listen();
    await agent.restarted('removed', 1);
  });

  it('restarts nothing when containerd is restarted, and takes down what was removed meanwhile', async () => {
    const before = [await other.id('one'), await agent.id('two')];
    await agent.pod('removed-node1');
    await containerd.stop();
    agent.remove('removed.yaml');
    agent.add('later');
    await agent.says(/cannot reach the container runtime/);
    const { pods } = await agent.status();
    assert.ok(
      pods.some(({ pod }) => pod.metadata.name === 'removed-node1'),
      'shown until it is known to be gone',
    );
    await containerd.start();
    await agent.pod('later-node1');
    await agent.gone('removed-node1');
    assert.deepEqual([await other.id('one'), await agent.id('two')], before);
    const { containers, sandboxes } = await containersOf('removed');
    assert.deepEqual([...containers, ...sandboxes], []);
  });

  it('answers while containerd hangs, and goes on when that does', async () => {
    const id = await other.id('one');
    containerd.signal('SIGSTOP');
    try {
      agent.add('during');
      await agent.status();
      // Said once a call has had its time, which is half a minute.
      if (process.env.E2E_MATRIX === 'all')
        await agent.says(/no answer from the container runtime at \S+ within \d+ s/);
    } finally {
      containerd.signal('SIGCONT');
    }
    await agent.pod('during-node1');
    assert.equal(await other.id('one'), id);
  });

  it('comes to one running container a pod when containerd is killed while pods come and go', async () => {
    const before = await other.id('one');
    const names = Array.from({ length: 12 }, (_, index) => `load-${index}`);
    for (const name of names.slice(0, 6)) agent.add(name);
    for (const name of names.slice(0, 6)) await agent.pod(`${name}-node1`);
    for (const name of names.slice(0, 6)) agent.remove(`${name}.yaml`);
    for (const name of names.slice(6)) agent.add(name);
    // In the midst of it, whatever that is.
    await eventually('a new sandbox is there', async () => (await containersOf('load-6')).sandboxes.length > 0, 60_000);
    await containerd.stop('SIGKILL');
    await containerd.start();
    for (const name of names.slice(6)) {
      await agent.pod(`${name}-node1`);
      const { containers, sandboxes } = await containersOf(name);
      assert.equal(containers.filter(({ state }) => state === 'CONTAINER_RUNNING').length, 1, name);
      assert.equal(sandboxes.filter(({ state }) => state === 'SANDBOX_READY').length, 1, name);
    }
    for (const name of names.slice(0, 6)) {
      await agent.gone(`${name}-node1`);
      assert.deepEqual((await containersOf(name)).sandboxes, [], name);
    }
    assert.equal(await other.id('one'), before);
  });

  it("takes its own pods down and never another root's", async () => {
    const theirs = await other.id('one');
    agent.remove('one.yaml');
    await agent.gone('one-node1');
    assert.equal(await other.id('one'), theirs);
    assert.equal(containerOf(await other.pod('one-node1')).restarts, 0);
  });
});

describe('a containerd without room, and without its sandbox image', () => {
  const directory = mkdtempSync(join(tmpdir(), 'containerd-'));
  const absent = 'kube-bootstrap.test/pause:absent';
  const containerd = new OwnContainerd({ directory, plugins: [], sandboxImage: absent });
  const agent = faultAgent(containerd.socketPath);

  before(async () => {
    expectCode(await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory]), 0);
    await containerd.start();
  });
  after(async () => {
    await agent.end('SIGTERM');
    await containerd.destroy();
    expectCode(await run('umount', ['--lazy', directory]), 0);
    for (const path of [directory, agent.root]) rmSync(path, { recursive: true, force: true });
  });

  it('says that the image store is full, and starts the pod once there is room', async () => {
    const filler = join(directory, 'filler');
    // What containerd's own database needs is left.
    const { stdout } = expectCode(await run('df', ['--output=avail', '--block-size=1', directory]), 0);
    const bytes = Number(stdout.trim().split('\n').at(-1)) - 3 * 2 ** 20;
    expectCode(await run('fallocate', ['--length', String(bytes), filler]), 0);
    agent.add('one');
    await agent.start();
    await agent.says(/no space left on device/);
    rmSync(filler);
    await agent.pod('one-node1');
  });

  it('gives the pause image the name of the one that cannot be had', async () => {
    assert.ok(await containerd.hasImage(absent));
    assert.ok(await containerd.hasImage(pause));
  });
});

describe('a runtime of an old API', () => {
  const runtime = new FakeCri();
  let agent: FaultAgent;

  before(async () => {
    await runtime.start();
    await runtime.die();
    // Only runtime.v1alpha2, that is none of what we ask.
    await runtime.listen(['runtime.v1alpha2']);
    agent = faultAgent(runtime.socketPath);
    agent.add('one');
  });
  after(async () => {
    await agent.end('SIGTERM');
    rmSync(agent.root, { recursive: true, force: true });
    await runtime.stop();
  });

  it('is named with what to do; the agent waits for a newer one', async () => {
    await agent.start();
    await agent.says(/does not speak CRI v1/);
  });

  it('is refused by init before anything is written', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plane-'));
    const flags = ['--runtime', 'cri', '--runtime-endpoint', `unix://${runtime.socketPath}`, '--root-dir', root];
    const ran = expectCode(await bootstrap(['init', ...flags]), 2);
    assert.match(ran.stderr, /does not speak CRI v1/);
    assert.match(ran.stderr, /containerd must be 1\.6 or newer/);
    rmSync(root, { recursive: true, force: true });
  });
});
