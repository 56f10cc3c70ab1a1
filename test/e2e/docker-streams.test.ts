import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';
import { aCommandClient } from '../fakes/command-io.ts';
import { recordingLog } from '../fakes/recording-log.ts';
import { eventually } from './support/command.ts';
import { DockerPods, docker, dockerRuntime, hasDocker } from './support/docker-pods.ts';

const pods = new DockerPods();

if (await hasDocker()) describe('streams of containers on a real Docker Engine', realEngine);
else
  it('says that Docker cannot be reached where there is none', () =>
    assert.rejects(pods.runtime.streams.exec('any', ['sh'], aCommandClient().io), /cannot reach Docker/));

function realEngine(): void {
  before(() => pods.begin());
  after(() => pods.end());

  it('a command has input, two outputs and an exit code', async () => {
    const { id } = await pods.start('exec', 'sleep 600');
    const client = aCommandClient();
    const script = 'read -r word; echo "$word"; echo problem >&2; cat; exit 7';
    const done = pods.runtime.streams.exec(id, ['sh', '-c', script], client.io);
    client.stdin.end('hello\nand the rest');
    assert.equal(await done, 7);
    assert.deepEqual(client.said, { stdout: 'hello\nand the rest', stderr: 'problem\n' });
  });

  it('all of a large output comes through a client that is slower than the command', async () => {
    const { id } = await pods.start('slow', 'sleep 600');
    const client = aCommandClient({ input: false });
    const script = 'i=0; while [ $i -lt 100000 ]; do echo 0123456789; i=$((i+1)); done';
    client.stdout.pause();
    const done = pods.runtime.streams.exec(id, ['sh', '-c', script], client.io);
    await eventually('the client is full', async () => client.stdout.writableNeedDrain || undefined);
    client.stdout.resume();
    assert.equal(await done, 0);
    assert.equal(client.said.stdout.length, 100_000 * 11);
  });

  it('a terminal has the client’s size, follows it, and Ctrl-P is a character like others', async () => {
    const { id } = await pods.start('terminal', 'sleep 600');
    const client = aCommandClient({ tty: true });
    // A signal with a trap ends a `read` of the shell.
    const trap =
      'trap "echo resized" WINCH; echo ready; until [ "$word" = end ]; do read -r word; echo "got $word"; done; exit 4';
    const done = pods.runtime.streams.exec(id, ['sh', '-c', trap], client.io);
    await eventually('it is ready', async () => client.said.stdout.includes('ready') || undefined);
    client.resize({ width: 101, height: 33 });
    await eventually('the size follows', async () => {
      client.stdin.write('x\r');
      return client.said.stdout.includes('resized') || undefined;
    });
    client.stdin.write('\x10y\r');
    await eventually('Ctrl-P comes through', async () => client.said.stdout.includes('got \x10y') || undefined);
    client.stdin.write('end\r');
    assert.equal(await done, 4);
  });

  it('a client that leaves ends its command, and nothing else', async () => {
    const { id } = await pods.start('leaves', 'sleep 600');
    const client = aCommandClient();
    const done = pods.runtime.streams.exec(id, ['sh', '-c', 'echo ready; sleep 1234'], client.io);
    await eventually('the command runs', async () => client.said.stdout.includes('ready') || undefined);
    client.leave();
    await done;
    const { stdout } = await docker('top', id, '-o', 'pid,args');
    assert.doesNotMatch(stdout, /sleep 1234/);
    assert.match(stdout, /sleep 600/);
  });

  it('attach joins the program’s own streams, and ends with its exit code', async () => {
    const { id } = await pods.start('attach', 'read -r word; echo "got $word"; echo problem >&2; exit 3', {
      stdin: true,
      stdinOnce: true,
    });
    const client = aCommandClient();
    const attached = pods.runtime.streams.attach(id, client.io);
    client.stdin.write('hello\n');
    assert.equal(await attached, 3);
    assert.deepEqual(client.said, { stdout: 'got hello\n', stderr: 'problem\n' });
  });

  it('attach ends when the client leaves, which ends nothing', async () => {
    const { id } = await pods.start('looks-on', 'while :; do echo tick; sleep 0.1; done');
    const client = aCommandClient();
    const attached = pods.runtime.streams.attach(id, client.io);
    await eventually('it says something', async () => client.said.stdout.includes('tick') || undefined);
    client.leave();
    assert.equal(await attached, 0);
    assert.equal((await pods.pod('looks-on'))?.containers[0]?.state, 'running');
  });

  it('what cannot be run is told in words', async () => {
    const { id } = await pods.start('refused', 'sleep 600');
    const client = aCommandClient();
    // Docker runs it all the same: what runc says is the output.
    assert.match(String(await pods.runtime.streams.exec(id, ['/bin/nope'], client.io)), /^12[67]$/);
    assert.match(client.said.stdout + client.said.stderr, /\/bin\/nope/);
    await assert.rejects(pods.runtime.streams.exec('0123456789ab', ['sh'], client.io), /cannot run sh in container/);
  });

  describe('port-forward', () => {
    const serve = (port: number) =>
      `const server = require('node:net').createServer({ allowHalfOpen: true }, async (socket) => socket.end((await socket.toArray()).join('').toUpperCase())); server.listen(${port}, '127.0.0.1')`;

    it('reaches what listens on the pod’s localhost alone, each side ending on its own', async () => {
      const { sandboxId } = await pods.start('port', 'sleep 600', {}, { hostNetwork: false });
      const { stdout } = await docker('inspect', '--format', '{{.State.Pid}}', sandboxId);
      const words = ['--target', stdout.trim(), '--net', '--', process.execPath, '-e', serve(8080)];
      const pid = await nodeHost.spawnDetached('nsenter', words);
      try {
        const connection = await eventually('it listens', () =>
          pods.runtime.streams.portForward(sandboxId, 8080).catch(() => undefined),
        );
        connection.end('hello');
        assert.equal((await connection.toArray()).join(''), 'HELLO');
        await assert.rejects(pods.runtime.streams.portForward(sandboxId, 8081), /port 8081 of the pod: .*ECONNREFUSED/);
      } finally {
        nodeHost.kill(pid, 'SIGKILL');
      }
    });

    it('goes by the pod’s address where its network cannot be entered, and says what that misses', async () => {
      const { sandboxId } = await pods.start('address', 'sleep 600', {}, { hostNetwork: false });
      const log = recordingLog();
      const ordinary = dockerRuntime(pods.owner, log, { ...nodeHost, uid: 1000 });
      await assert.rejects(ordinary.streams.portForward(sandboxId, 9), /ECONNREFUSED \d+\.\d+\.\d+\.\d+:9/);
      assert.match(log.warnings.join(), /needs root here, and nsenter/);
      await ordinary.close();
    });
  });
}
