import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { containerCases } from './support/container-cases.ts';
import { CriPods } from './support/cri-pods.ts';

describe('containers in a real containerd', () => {
  const pods = new CriPods();
  before(() => pods.begin());
  after(() => pods.end());

  containerCases(pods);

  it('tells a program that cannot be started by the words of containerd, and leaves nothing that looks started', async () => {
    const starting = pods.start('nope', '', { command: ['/bin/nope'] });
    await assert.rejects(starting, /cannot start .*\/bin\/nope.*no such file/);
    const [container] = (await pods.pod('nope'))?.containers ?? [];
    assert.notEqual(container?.state, 'running');
  });

  it('lets containerd write the log that is asked for, which stays until its pod’s files go', async () => {
    const logPath = join(pods.directory, 'logs', 'logged', 'app', '0.log');
    const { id } = await pods.start('logged', 'echo hello', { logPath });
    await pods.exited('logged');
    assert.match(await readFile(logPath, 'utf8'), /^\S+Z stdout F hello\n$/);
    await pods.runtime.removeContainer(id);
    await pods.runtime.removeContainer(id);
    assert.ok(existsSync(logPath));
  });
});
