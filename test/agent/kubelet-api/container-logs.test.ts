import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { containerLogs } from '../../../src/agent/kubelet-api/container-logs.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import type { ContainerState, ContainerStatus } from '../../../src/kube/types.ts';
import { aPod } from '../../fakes/agent-builders.ts';

const root = mkdtempSync(join(tmpdir(), 'container-logs-'));
after(() => rmSync(root, { recursive: true }));
const paths = pathsOf(root);
const directory = join(paths.podLogsDir, 'default_web-node1_uid1', 'app');
mkdirSync(directory, { recursive: true });

const running: ContainerState = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const ended: ContainerState = { terminated: { exitCode: 1, reason: 'Error' } };

/** The pod's container now; a test changes it. */
function aWorld(state: ContainerState, restartCount = 0) {
  const world = { state, restartCount };
  const seen = (): { readonly pod: AgentPod } => {
    const status: ContainerStatus = {
      name: 'app',
      ...world,
      lastState: world.restartCount > 0 ? ended : {},
      ready: true,
      started: true,
      image: '',
      imageID: '',
    };
    return { pod: { pod: { ...aPod(), status: { phase: 'Running', conditions: [], containerStatuses: [status] } } } };
  };
  const gone = new AbortController();
  const ask = async (query: string) => {
    const doors = { host: nodeHost, clock: systemClock, paths, seen, mirrorUid: () => undefined };
    const request = { method: 'GET', path: '', query: new URLSearchParams(query), headers: {}, signal: gone.signal };
    const { status, body } = await containerLogs(doors, request, ['default', 'web-node1', 'app']);
    assert.equal(status, 200, String(body));
    assert.ok(typeof body !== 'string');
    return body;
  };
  return { world, ask, gone };
}

async function all(body: AsyncIterable<string>): Promise<string> {
  const parts: string[] = [];
  for await (const part of body) parts.push(part);
  return parts.join('');
}

function write(attempt: number, text: string): string {
  const file = join(directory, `${attempt}.log`);
  writeFileSync(file, text);
  return file;
}

test('gives what the running attempt wrote, and what the one before it wrote', async () => {
  write(0, 'first\n');
  write(1, 'second\nmore\n');
  const { ask } = aWorld(running, 1);
  assert.equal(await all(await ask('')), 'second\nmore\n');
  assert.equal(await all(await ask('tailLines=1')), 'more\n');
  assert.equal(await all(await ask('previous=true')), 'first\n');
});

test('following goes on until the container ends, with its last words', async () => {
  const file = write(0, 'one\n');
  const { world, ask } = aWorld(running);
  const parts = (await ask('follow=true'))[Symbol.asyncIterator]();
  assert.equal((await parts.next()).value, 'one\n');
  appendFileSync(file, 'two\n');
  assert.equal((await parts.next()).value, 'two\n');
  world.state = ended;
  appendFileSync(file, 'last words');
  assert.equal((await parts.next()).value, 'last words\n');
  assert.equal((await parts.next()).done, true);
});

test('following ends with its attempt, also when the next one already runs', async () => {
  write(0, 'one\n');
  const { world, ask } = aWorld(running);
  const parts = (await ask('follow=true'))[Symbol.asyncIterator]();
  await parts.next();
  world.restartCount = 1;
  assert.equal((await parts.next()).done, true);
});

test('the last words of an attempt are told though its log is removed, as when the next one has ended at once', async () => {
  const file = write(0, 'one\n');
  const { world, ask } = aWorld(running);
  const parts = (await ask('follow=true'))[Symbol.asyncIterator]();
  assert.equal((await parts.next()).value, 'one\n');
  appendFileSync(file, 'two\nlast words');
  write(1, 'of another attempt\n');
  rmSync(file);
  Object.assign(world, { state: ended, restartCount: 1 });
  assert.equal((await parts.next()).value, 'two\n');
  assert.equal((await parts.next()).value, 'last words\n');
  assert.equal((await parts.next()).done, true);
});

test('following ends when the client is gone', async () => {
  write(0, 'one\n');
  const { ask, gone } = aWorld(running);
  const parts = (await ask('follow=true&tailLines=0'))[Symbol.asyncIterator]();
  const next = parts.next();
  gone.abort();
  assert.equal((await next).done, true);
});

test('what has ended is not followed', async () => {
  write(0, 'one\n');
  assert.equal(await all(await aWorld(ended).ask('follow=true')), 'one\n');
});
