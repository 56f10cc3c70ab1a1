import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { aCommandClient } from '../../fakes/command-io.ts';
import { noSecurity } from '../../fakes/process-pods.ts';
import { aProcessRuntime, until } from '../../fakes/process-runtime.ts';

async function aContainer(context: TestContext, script = 'sleep 1000', change = {}) {
  const { runtime, run, directory, ...rest } = await aProcessRuntime(context);
  const id = await run(script, change);
  return { ...rest, directory, id, streams: runtime.streams };
}

const pidIn = (path: string) => () => existsSync(path) && Number(readFileSync(path, 'utf8')) > 0 && path;
const isGone = (path: string) => () => !existsSync(`/proc/${readFileSync(path, 'utf8').trim()}`);

test('a command has input, two outputs and an exit code', async (context) => {
  const { streams, id } = await aContainer(context);
  const client = aCommandClient();
  const done = streams.exec(id, ['sh', '-c', 'read -r word; echo "$word"; echo problem >&2; cat; exit 7'], client.io);
  client.stdin.end('hello\nand the rest');
  assert.equal(await done, 7);
  assert.deepEqual(client.said, { stdout: 'hello\nand the rest', stderr: 'problem\n' });
});

test('a command ends when it ends, with its input still open, and a signal gives 128 and its number', async (context) => {
  const { streams, id } = await aContainer(context);
  assert.equal(await streams.exec(id, ['sh', '-c', 'kill -9 $$'], aCommandClient().io), 137);
});

test('all of the output comes through, also when the command has long ended before it is taken', async (context) => {
  const { streams, id, directory } = await aContainer(context);
  const file = join(directory, 'large');
  // More than our buffers hold, and less than those and the pipe's.
  await nodeHost.writeFile(file, Buffer.alloc(200_000, 'x'));
  const client = aCommandClient({ input: false });
  client.stdout.pause();
  const done = streams.exec(id, ['cat', file], client.io);
  // Longer than quiet output is waited for once its command has ended.
  await new Promise((resolve) => setTimeout(resolve, 600));
  client.stdout.resume();
  assert.equal(await done, 0);
  await until('all of it is there', () => client.said.stdout.length === 200_000);
});

test('what a command leaves behind in the background is not waited for, and lives on', async (context) => {
  const { streams, id, directory } = await aContainer(context);
  const left = join(directory, 'left');
  const client = aCommandClient({ input: false });
  assert.equal(await streams.exec(id, ['sh', '-c', `sleep 50 & echo $! >${left}; echo done`], client.io), 0);
  assert.equal(client.said.stdout, 'done\n');
  const pid = Number(readFileSync(left, 'utf8'));
  assert.equal(nodeHost.kill(pid, 0), true);
  nodeHost.kill(pid, 'SIGKILL');
});

test('a client that leaves ends its command with all its children, and nothing else', async (context) => {
  const { streams, id, directory, find } = await aContainer(context);
  const pidFile = join(directory, 'child');
  const client = aCommandClient();
  const done = streams.exec(id, ['sh', '-c', `sleep 1000 & echo $! >${pidFile}; wait`], client.io);
  await until('the command runs', pidIn(pidFile));
  client.leave();
  await done;
  await until('its child is gone', isGone(pidFile));
  assert.equal((await find(id))?.state, 'running');
});

test('a command in a terminal gets one, of the client’s size, that follows it', async (context) => {
  const { streams, id } = await aContainer(context);
  const client = aCommandClient({ tty: true });
  const done = streams.exec(id, ['sh', '-c', 'while read -r word; do stty size; done; test -t 2; exit 4'], client.io);
  client.resize({ width: 101, height: 33 });
  await until('the size is that of the client', () => {
    client.stdin.write('\r');
    return client.said.stdout.includes('33 101');
  });
  client.resize({ width: 90, height: 20 });
  await until('the size follows', () => {
    client.stdin.write('\r');
    return client.said.stdout.includes('20 90');
  });
  client.stdin.end();
  assert.equal(await done, 4);
});

test('a terminal echoes, and Ctrl-C reaches the command', async (context) => {
  const { streams, id } = await aContainer(context);
  const client = aCommandClient({ tty: true });
  const done = streams.exec(id, ['sh', '-c', 'trap "exit 9" INT; echo ready; while :; do sleep 0.1; done'], client.io);
  await until('it is ready', () => client.said.stdout.includes('ready'));
  client.stdin.write('typed');
  await until('the terminal echoes', () => client.said.stdout.includes('typed'));
  client.stdin.write('\x03');
  assert.equal(await done, 9);
});

test('a terminal keeps the container’s environment, with TERM', async (context) => {
  const { streams, id } = await aContainer(context, 'sleep 1000', {
    env: [
      { name: 'SHELL', value: '/bin/own' },
      { name: 'with.dot', value: "it's" },
    ],
  });
  const client = aCommandClient({ tty: true });
  const done = streams.exec(id, ['cat', '/proc/self/environ'], client.io);
  assert.equal(await done, 0);
  const entries = client.said.stdout.split('\0');
  for (const entry of ['SHELL=/bin/own', "with.dot=it's", 'TERM=xterm']) assert.ok(entries.includes(entry), entry);
});

test('a terminal belongs to the user that the container runs as, who may open it again', async (context) => {
  const { runtime, run } = await aProcessRuntime(context);
  const security = { ...noSecurity, runAsUser: 12345, runAsGroup: 12345 };
  if (nodeHost.uid !== 0) return assert.rejects(run('sleep 1000', { security }), /runAsUser 12345/);
  const id = await run('sleep 1000', { security });
  const client = aCommandClient({ tty: true });
  const script = 'until echo opened >/dev/stderr; do sleep 0.05; done 2>/dev/tty; id -u';
  assert.equal(await runtime.streams.exec(id, ['sh', '-c', script], client.io), 0);
  assert.match(client.said.stdout, /opened\r\n12345\r\n$/);
});

test('where the host has no script(1), a terminal is refused in words, and commands without one work', async (context) => {
  const host = { findProgram: async (name: string) => (name === 'script' ? undefined : nodeHost.findProgram(name)) };
  const { runtime, run } = await aProcessRuntime(context, { host });
  const id = await run('sleep 1000');
  await assert.rejects(runtime.streams.exec(id, ['sh'], aCommandClient({ tty: true }).io), /needs the program script/);
  const client = aCommandClient({ input: false });
  assert.equal(await runtime.streams.exec(id, ['sh', '-c', 'exit 2'], client.io), 2);
});

test('a command of a container that does not run, or that its image has not, is refused', async (context) => {
  const { streams, id } = await aContainer(context);
  await assert.rejects(streams.exec('none', ['sh'], aCommandClient().io), /container none is not running/);
  await assert.rejects(streams.exec(id, ['tar'], aCommandClient().io), /has no program tar/);
});

test('attach ends when the client leaves, which ends nothing', async (context) => {
  const { streams, id, find } = await aContainer(context);
  const client = aCommandClient();
  const attached = streams.attach(id, client.io);
  client.leave();
  assert.equal(await attached, 0);
  assert.equal((await find(id))?.state, 'running');
});

test('attach gives what is written from then on, and ends with the container’s exit code', async (context) => {
  const { runtime, run, directory, log } = await aProcessRuntime(context);
  const end = join(directory, 'end');
  const id = await run(
    `echo before; while ! [ -e ${end} ]; do echo tick; sleep 0.05; done; echo after; echo error >&2; exit 3`,
  );
  await until('it has begun', () => log().includes('before'));
  const client = aCommandClient();
  const attached = runtime.streams.attach(id, client.io);
  client.stdin.write('nobody reads this');
  await until('it is attached', () => client.said.stdout.includes('tick'));
  await nodeHost.writeFile(end, '');
  assert.equal(await attached, 3);
  assert.match(client.said.stdout, /^(tick\n)+after\nerror\n$/);
  await assert.rejects(runtime.streams.attach(id, client.io), /container app is not running/);
});

test('attach gives the last words of a container that is removed, with its log, before they were read', async (context) => {
  const { runtime, run, directory, log } = await aProcessRuntime(context);
  const end = join(directory, 'end');
  const id = await run(`while ! [ -e ${end} ]; do echo tick; sleep 0.05; done; echo after`);
  const client = aCommandClient();
  const attached = runtime.streams.attach(id, client.io);
  await until('it is attached', () => client.said.stdout.includes('tick'));
  await nodeHost.writeFile(end, '');
  await until('it has said it', () => log().includes('after'));
  await runtime.removeContainer(id);
  await nodeHost.remove(join(directory, 'log', 'app', '0.log'));
  await attached;
  assert.match(client.said.stdout, /^(tick\n)+after\n$/);
});

test('port-forward reaches this machine’s localhost, and says which port nobody listens on', async (context) => {
  const { runtime } = await aProcessRuntime(context);
  const server = createServer((socket) => void socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connection = await runtime.streams.portForward('any', port);
  assert.equal((await connection.toArray()).join(''), 'hello');
  connection.destroy();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(runtime.streams.portForward('any', port), new RegExp(`cannot connect to port ${port}`));
});
