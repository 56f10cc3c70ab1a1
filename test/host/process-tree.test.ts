import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';
import { eventually } from '../e2e/support/command.ts';

/** A shell that says the pids that its script echoes. */
async function started(script: string, count: number): Promise<{ readonly pid: number; readonly told: number[] }> {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  while (text.split('\n').length <= count) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    text += chunk.toString();
  }
  child.unref();
  return { pid: child.pid ?? 0, told: text.split('\n').filter(Boolean).map(Number) };
}

const gone = (pids: readonly number[]) =>
  eventually('all are gone', async () => {
    const living = await Promise.all(pids.map((pid) => nodeHost.identify(pid)));
    return living.every((identity) => identity === undefined);
  });

test('kills a process, its children and theirs', async () => {
  const { pid, told } = await started('sleep 1000 & echo $!; sh -c "sleep 1000 & echo \\$!; wait" & echo $!; wait', 3);
  await nodeHost.killTree(pid);
  await gone([pid, ...told]);
});

test('kills those of its session whose parent is gone', async () => {
  const { pid, told } = await started('(sleep 1000 & echo $!); sleep 1000', 1);
  await nodeHost.killTree(pid);
  await gone([pid, ...told]);
});

test('leaves everybody else alone, and is content when nobody is there', async () => {
  const { pid } = await started('echo 1; sleep 1000', 1);
  const { pid: other } = await started('echo 1; sleep 1000', 1);
  await nodeHost.killTree(pid);
  await nodeHost.killTree(pid);
  assert.notEqual(await nodeHost.identify(other), undefined);
  await nodeHost.killTree(other);
  await gone([pid, other]);
});
