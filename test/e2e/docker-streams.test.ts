import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';
import { aCommandClient } from '../fakes/command-io.ts';
import { recordingLog } from '../fakes/recording-log.ts';
import { eventually } from './support/command.ts';
import { containerStreamCases } from './support/container-stream-cases.ts';
import { DockerPods, docker, dockerRuntime, hasDocker } from './support/docker-pods.ts';

const pods = new DockerPods();

if (await hasDocker()) describe('streams of containers on a real Docker Engine', realEngine);
else
  it('says that Docker cannot be reached where there is none', () =>
    assert.rejects(pods.runtime.streams.exec('any', ['sh'], aCommandClient().io), /cannot reach Docker/));

function realEngine(): void {
  before(() => pods.begin());
  after(() => pods.end());

  containerStreamCases(pods);

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
