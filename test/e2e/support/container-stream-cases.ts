import assert from 'node:assert/strict';
import { it } from 'node:test';
import { aCommandClient } from '../../fakes/command-io.ts';
import { eventually } from './command.ts';
import type { RuntimePods } from './runtime-pods.ts';

/** Streams to and from the containers of an engine, whichever it is. */
export function containerStreamCases(pods: RuntimePods): void {
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
}
