import assert from 'node:assert/strict';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';
import { containerCases } from './support/container-cases.ts';
import { DockerPods, docker, hasDocker } from './support/docker-pods.ts';

const pods = new DockerPods();

if (await hasDocker()) describe('containers on a real Docker Engine', realEngine);
else
  it('says that Docker cannot be reached where there is none', () =>
    assert.rejects(pods.runtime.version(), /cannot reach Docker/));

function realEngine(): void {
  before(() => pods.begin());
  after(() => pods.end());

  containerCases(pods);

  it('tells a program that cannot be started by the words of Docker, and shows it as ContainerCannotRun', async () => {
    const starting = pods.start('nope', '', { command: ['/bin/nope'] });
    await assert.rejects(starting, /cannot start k8s_app_nope.*\/bin\/nope.*no such file/);
    const container = await pods.exited('nope');
    assert.deepEqual([container.reason, container.startedAtMs], ['ContainerCannotRun', undefined]);
    assert.match(container.message ?? '', /\/bin\/nope/);
  });

  it('tells a container that the kernel killed for its memory limit', async () => {
    const resources = { memoryLimitBytes: 16 * 2 ** 20, oomScoreAdj: 0 };
    await pods.start('greedy', 'x=aaaaaaaa; while :; do x=$x$x; done', { resources });
    const container = await pods.exited('greedy');
    const { stdout } = await docker('info', '--format', '{{.MemoryLimit}}');
    // Without a memory controller Docker drops the limit, and the shell ends when it can grow no more.
    if (stdout.trim() !== 'true') return assert.notEqual(container.exitCode, 0);
    assert.equal(container.exitCode, 137);
    // The kernel's notice may reach Docker only after the end; then there is an event, which nobody here listens to.
    assert.match(container.reason ?? '', /^(OOMKilled|Error)$/);
  });

  it("links the log to Docker's file, and takes the link away with the container", async () => {
    const logPath = join(pods.directory, 'logs', 'logged', 'app', '0.log');
    const { id } = await pods.start('logged', 'echo hello', { logPath });
    await pods.exited('logged');
    const { stdout } = await docker('inspect', '-f', '{{.LogPath}} {{.HostConfig.LogConfig.Config}}', id);
    assert.ok(stdout.startsWith(`${await readlink(logPath)} `));
    assert.match(stdout, /max-file:5 max-size:10485760/);
    if (nodeHost.uid === 0) assert.equal(JSON.parse(await readFile(logPath, 'utf8')).log, 'hello\n');
    await pods.runtime.removeContainer(id);
    await assert.rejects(readlink(logPath), { code: 'ENOENT' });
    await pods.runtime.removeContainer(id);
  });
}
