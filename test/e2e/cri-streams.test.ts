import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { readLog } from '../../src/agent/logs/read-log.ts';
import { rotateLogs } from '../../src/agent/logs/rotate-logs.ts';
import { systemClock } from '../../src/base/clock.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { readPart } from '../../src/host/read-part.ts';
import { firstProcessOf } from '../../src/runtime/cri/stats.ts';
import type { RuntimeEvent } from '../../src/runtime/runtime.ts';
import { aCommandClient } from '../fakes/command-io.ts';
import { eventually } from './support/command.ts';
import { containerStreamCases } from './support/container-stream-cases.ts';
import { CriPods } from './support/cri-pods.ts';

/** On a slow machine. */
const slowMs = 60_000;

describe('streams, events and logs of containers in a real containerd', () => {
  const pods = new CriPods();
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
    assert.deepEqual(
      commandsIn(id).filter((words) => words.startsWith('sleep')),
      ['sleep 600'],
    );
  });

  it('what cannot be run is told in words', async () => {
    const { id } = await pods.start('refused', 'sleep 600');
    const { exec } = pods.runtime.streams;
    await assert.rejects(exec(id, ['/bin/nope'], aCommandClient().io), /\/bin\/nope/);
    await assert.rejects(exec('0123456789ab', ['sh'], aCommandClient().io), /cannot run sh in container/);
  });

  it('a command that outlives its time is killed; one that does not has its output and exit code', async () => {
    const { id } = await pods.start('timed', 'sleep 600');
    const done = await pods.runtime.exec(id, ['sh', '-c', 'echo out; echo err >&2; exit 5'], 30_000);
    assert.deepEqual(done, { exitCode: 5, output: 'out\nerr\n', timedOut: false });
    const late = await pods.runtime.exec(id, ['sleep', '1235'], 1000);
    assert.deepEqual([late.timedOut, late.exitCode], [true, 137]);
    await eventually('it is gone', async () => !commandsIn(id).includes('sleep 1235') || undefined);
    const loud = await pods.runtime.exec(
      id,
      ['sh', '-c', 'i=0; while [ $i -lt 2000 ]; do echo 0123456789; i=$((i+1)); done'],
      30_000,
    );
    assert.equal(loud.output.length, 10 * 1024);
  });

  it('port-forward reaches what listens on the localhost of a pod with a network of its own', async () => {
    const { id, sandboxId } = await pods.start('network', 'sleep 600', {}, { hostNetwork: false });
    const pid = await pods.containerd.asked((client) => firstProcessOf(client, id));
    const program =
      'require("node:net").createServer((s) => s.once("data", (d) => s.end(String(d).toUpperCase()))).listen(8080, "127.0.0.1")';
    const words = ['--target', String(pid), '--net', '--', process.execPath, '-e', program];
    const server = await nodeHost.spawnDetached('nsenter', words);
    try {
      const answer = await eventually('it listens', async () => {
        const connection = await pods.runtime.streams.portForward(sandboxId, 8080);
        connection.write('hello');
        return (await connection.toArray().then(String, () => '')) || undefined;
      });
      assert.equal(answer, 'HELLO');
    } finally {
      nodeHost.kill(server, 'SIGKILL');
    }
  });

  it('port-forward breaks with containerd’s words when nobody listens', async () => {
    const { sandboxId } = await pods.start('port', 'sleep 600');
    const connection = await pods.runtime.streams.portForward(sandboxId, 1);
    connection.resume();
    const thrown = await new Promise((resolve) => connection.once('error', resolve));
    assert.match(String(thrown), /connection refused/);
  });

  it('a crash is hinted at once the exit code is there, also after containerd was killed and came back', async () => {
    const stop = new AbortController();
    const seen: RuntimeEvent[] = [];
    const reading = (async () => {
      for await (const event of pods.runtime.events(stop.signal)) seen.push(event);
    })();
    const hinted = (name: string) => eventually(`a hint at ${name}`, async () => hintAt(seen, name), slowMs);
    await eventually('it listens', async () => seen.length > 0 || undefined);
    await pods.start('crashes', 'exit 3');
    await hinted('crashes');
    assert.equal((await pods.pod('crashes'))?.containers[0]?.exitCode, 3);
    await pods.start('later', 'while [ ! -e /now ]; do sleep 0.1; done; exit 4');
    await pods.containerd.stop('SIGKILL');
    await pods.containerd.start();
    await eventually(
      'it listens again',
      async () => seen.filter(({ pod }) => pod === undefined).length > 1 || undefined,
    );
    const { containers } = (await pods.pod('later')) ?? {};
    await pods.runtime.exec(containers?.[0]?.id ?? '', ['sh', '-c', ': >/now'], 30_000);
    await hinted('later');
    assert.equal((await pods.pod('later'))?.containers[0]?.exitCode, 4);
    stop.abort();
    await reading;
  });

  it('a log that is rotated while the program writes loses no line for who follows it', async () => {
    const line = 'i=$((i+1)); echo "line $i of a log that is rotated"; [ $((i % 100)) != 0 ] || sleep 0.1';
    const script = `i=0; while [ $i -lt 3000 ]; do ${line}; done`;
    const { id } = await pods.start('writes', script);
    const path = (await pods.pod('writes'))?.containers[0]?.logPath ?? '';
    const stop = new AbortController();
    const lines: string[] = [];
    const following = (async () => {
      const follow = async () => true;
      for await (const { text } of readLog({ path, clock: systemClock, signal: stop.signal, readPart, follow })) {
        lines.push(text);
      }
    })();
    const moveLog = pods.runtime.moveLog?.bind(pods.runtime);
    assert.ok(moveLog);
    const rotating = { host: nodeHost, maxBytes: 20_000, maxFiles: 6, moveLog, log: pods.log };
    let rotations = 0;
    await eventually('the program has ended', async () => {
      const before = (await nodeHost.stat(`${path}.1`))?.inode;
      await rotateLogs(rotating, [{ id, path }]);
      if ((await nodeHost.stat(`${path}.1`))?.inode !== before) rotations += 1;
      return (await pods.pod('writes'))?.containers[0]?.state === 'exited' || undefined;
    });
    await eventually('all is read', async () => lines.includes('line 3000 of a log that is rotated') || undefined);
    stop.abort();
    await following;
    assert.ok(rotations >= 2, `${rotations} rotations`);
    assert.deepEqual(
      lines,
      Array.from({ length: 3000 }, (_, index) => `line ${index + 1} of a log that is rotated`),
    );
  });

  it('says what its containers use', async () => {
    const { id } = await pods.start('uses', 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 600');
    const [usage] = await eventually('it has used something', async () => {
      const found = await pods.runtime.stats([id, 'gone']);
      return (found[0]?.cpuNanoseconds ?? 0) > 1_000_000 ? found : undefined;
    });
    assert.equal(usage?.id, id);
    assert.ok((usage?.workingSetBytes ?? 0) > 0);
  });
});

function hintAt(seen: readonly RuntimeEvent[], name: string): true | undefined {
  return seen.some(({ pod }) => pod?.name === name) || undefined;
}

/** The command lines of what runs in a container. */
function commandsIn(id: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1).join(' ')];
      } catch {
        // Gone meanwhile.
        return [];
      }
    });
}
