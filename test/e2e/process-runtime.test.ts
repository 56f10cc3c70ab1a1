import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nodeHost } from '../../src/host/node-host.ts';
import { temporaryDirectory } from '../fakes/images.ts';
import { noSecurity } from '../fakes/process-pods.ts';
import { aProcessRuntime, hasEnded, toolsArchive, until } from '../fakes/process-runtime.ts';

const isRoot = process.getuid?.() === 0;
const lives = (pid: number) => nodeHost.identify(pid).then((identity) => identity !== undefined);

test('runs a program to its end: log, exit code, times', async (context) => {
  const { run, ended, log } = await aProcessRuntime(context);
  const id = await run('echo out; echo err >&2; exit 3');
  const container = await ended(id);
  assert.equal(container.exitCode, 3);
  assert.equal(container.reason, 'Error');
  assert.ok((container.finishedAtMs ?? 0) >= (container.startedAtMs ?? Number.POSITIVE_INFINITY));
  assert.equal(log(), 'out\nerr\n');
});

test('gives the image environment, the pod environment over it, and nothing of the agent', async (context) => {
  const { run, ended, log } = await aProcessRuntime(context, { imageConfig: { Env: ['A=image', 'B=image'] } });
  const env = [
    { name: 'B', value: "p'od\nline" },
    { name: 'odd.name', value: 'x' },
    { name: 'LD_LIBRARY_PATH', value: '' },
  ];
  await ended(await run('cat /proc/self/environ', { env }));
  const names = log()
    .split('\0')
    .filter(Boolean)
    .map((entry) => entry.split('=')[0])
    .sort();
  assert.ok(log().split('\0').includes("B=p'od\nline"));
  // The inner shell adds PWD by itself and keeps only what it can name.
  assert.deepEqual(
    names.filter(
      (name) => name !== 'PWD' && name !== '_' && name !== 'OLDPWD' && name !== 'SHLVL' && name !== 'odd.name',
    ),
    ['A', 'B', 'HOME', 'HOSTNAME', 'LD_LIBRARY_PATH', 'PATH'],
  );
});

test('gives a stop signal and the time to heed it', async (context) => {
  const { runtime, run, find, log } = await aProcessRuntime(context);
  const id = await run('trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.05; done');
  await until('the trap', () => log().includes('ready'));
  await runtime.stopContainer(id, 30);
  assert.equal((await find(id))?.exitCode, 5);
  assert.equal(log(), 'ready\nbye\n');
});

test("sends the image's stop signal, and the pod's over it; SIGINT reaches a program that does not catch it", async (context) => {
  const { runtime, run, find, log } = await aProcessRuntime(context, { imageConfig: { StopSignal: 'SIGINT' } });
  const first = await run('exec sleep 1000', { name: 'first' });
  const second = await run('exec sleep 1000', { name: 'second', stopSignal: 'SIGHUP' });
  await Promise.all([runtime.stopContainer(first, 30), runtime.stopContainer(second, 30)]);
  assert.equal((await find(first))?.exitCode, 128 + 2);
  assert.equal((await find(second))?.exitCode, 128 + 1);
  assert.equal(log({ name: 'first' }) + log({ name: 'second' }), '', 'the helper itself says nothing');
});

test('kills what ignores the stop signal, with all its children', async (context) => {
  const { runtime, run, find, log } = await aProcessRuntime(context);
  const id = await run('trap "" TERM; sleep 1000 & echo $!; wait');
  const child = Number(await until('the child', () => log().trim()));
  await runtime.stopContainer(id, 0.2);
  assert.equal((await find(id))?.exitCode, 137);
  assert.equal(await lives(child), false);
});

test('ends what a program leaves behind when it ends by itself', async (context) => {
  const { run, ended, log } = await aProcessRuntime(context);
  await ended(await run('sleep 1000 & echo $!; exit 0'));
  const child = Number(log());
  await until('the child has gone', async () => !(await lives(child)) || undefined);
});

test('starts a container once, however often it is told to', async (context) => {
  const { run, pids, log } = await aProcessRuntime(context);
  const id = await run('echo started; exec sleep 1000');
  const before = pids(id);
  assert.equal(await run('echo started; exec sleep 1000'), id);
  await until('the line', () => log() !== '');
  assert.deepEqual(pids(id), before);
  assert.equal(log(), 'started\n');
});

test('only one helper starts the program when two are started', async (context) => {
  const { directory, run, log } = await aProcessRuntime(context);
  const id = await run('echo started; exec sleep 1000');
  await until('the line', () => log() !== '');
  const cwd = join(directory, 'containers', id);
  execFileSync('sh', ['run'], { cwd });
  assert.equal(log(), 'started\n');
});

test('another instance finds everything running and restarts nothing', async (context) => {
  const { run, again, pids, find } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000', { labels: { a: 'b' }, annotations: { c: 'd' } });
  const before = pids(id);
  const second = again();
  const found = await find(id, second);
  assert.equal(found?.state, 'running');
  assert.deepEqual(found?.labels, { a: 'b', 'kube-bootstrap/owner': 'owner-1' });
  assert.deepEqual(found?.annotations, { c: 'd' });
  assert.deepEqual(pids(id), before);
  await second.stopContainer(id, 30);
  assert.equal((await find(id))?.exitCode, 143);
  await second.close();
});

test('tells at once which container ended', async (context) => {
  const { runtime, run, pids } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const abort = new AbortController();
  const alive = setInterval(() => {}, 1000);
  context.after(() => clearInterval(alive));
  const events = runtime.events(abort.signal)[Symbol.asyncIterator]();
  assert.equal((await events.next()).value?.pod, undefined);
  process.kill(pids(id).program, 'SIGKILL');
  assert.deepEqual((await events.next()).value, {
    pod: { name: 'app-node1', namespace: 'default', uid: 'u1' },
    what: 'container app ended',
  });
  abort.abort();
});

test('a program whose helper was killed runs on, is looked after, and ends with an unknown code', async (context) => {
  const { run, pids, find, ended, warnings } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const { helper, program } = pids(id);
  process.kill(helper, 'SIGKILL');
  await until('the end of the helper', () => hasEnded(helper));
  assert.equal((await find(id))?.state, 'running');
  assert.equal(warnings.filter((line) => line.includes('helper process of container app')).length, 1);
  process.kill(program, 'SIGTERM');
  const container = await ended(id);
  assert.equal(container.exitCode, 137);
  assert.equal(container.reason, 'ContainerStatusUnknown');
  assert.match(container.message ?? '', /helper process was killed/);
  assert.deepEqual(await find(id), container);
});

test('stops a program whose helper was killed', async (context) => {
  const { runtime, run, pids, find } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const { helper, program } = pids(id);
  process.kill(helper, 'SIGKILL');
  await runtime.stopContainer(id, 30);
  assert.equal(await lives(program), false);
  assert.equal((await find(id))?.state, 'exited');
});

test('never takes another process for its own because of the pid', async (context) => {
  const { runtime, directory, run, pids, find } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const { helper, program } = pids(id);
  process.kill(helper, 'SIGKILL');
  process.kill(program, 'SIGKILL');
  // Our own pid, as if the system had given us that of the program.
  writeFileSync(join(directory, 'containers', id, 'pid'), `${process.pid} 1\n`);
  await until('their end', () => hasEnded(helper));
  assert.equal((await find(id))?.state, 'exited');
  await runtime.stopContainer(id, 1);
  await runtime.removeContainer(id);
});

test('after a restart of the machine nothing runs and no sandbox is ready', async (context) => {
  const { again, run, find, sandboxId, pids } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const { program } = pids(id);
  const readText = async (path: string) => (path.endsWith('/boot_id') ? 'another-boot\n' : nodeHost.readText(path));
  const rebooted = again({ readText });
  const [pod] = await rebooted.observePods();
  assert.equal(pod?.sandboxes.find(({ id: other }) => other === sandboxId)?.ready, false);
  const container = await find(id, rebooted);
  assert.equal(container?.state, 'exited');
  assert.match(container?.message ?? '', /machine was restarted/);
  process.kill(program, 'SIGKILL');
});

test('a container that was made but not started counts as ended after a while, and never starts then', async (context) => {
  const { again, directory, run, find } = await aProcessRuntime(context, { host: { spawnDetached: async () => 1 } });
  const start = run('echo started');
  const id = await until('the container', () =>
    readdirSync(join(directory, 'containers')).find(
      (name) => /^[0-9a-f]{64}$/.test(name) && existsSync(join(directory, 'containers', name, 'config.json')),
    ),
  );
  assert.equal((await find(id))?.state, 'created');
  await again().stopContainer(id, 1);
  await start;
  assert.match((await find(id))?.message ?? '', /stopped before it started/);
  execFileSync('sh', ['run'], { cwd: join(directory, 'containers', id) });
  assert.equal((await find(id))?.state, 'exited');
});

test('runs commands in the container: its image, environment and limits', async (context) => {
  const { runtime, run } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000', { env: [{ name: 'A', value: '1' }] });
  assert.deepEqual(await runtime.exec(id, ['sh', '-c', 'echo "$A"; echo err >&2; exit 4'], 10_000), {
    exitCode: 4,
    output: '1\nerr\n',
    timedOut: false,
  });
  const long = await runtime.exec(
    id,
    ['sh', '-c', 'i=0; while [ $i -lt 3000 ]; do echo 123456789; i=$((i+1)); done'],
    10_000,
  );
  assert.equal(long.output.length, 10 * 1024);
  assert.equal(long.exitCode, 0);
  await assert.rejects(runtime.exec(id, ['no-such-program'], 1000), /has no program no-such-program/);
});

test('kills a command and its children when its time is over', async (context) => {
  const { runtime, run } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const result = await runtime.exec(id, ['sh', '-c', 'sleep 1000 & echo $!; wait'], 300);
  assert.equal(result.timedOut, true);
  await until('the end of the child', () => hasEnded(Number(result.output)));
});

test('does not wait for what a command leaves in the background', async (context) => {
  const { runtime, run } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const result = await runtime.exec(id, ['sh', '-c', 'sleep 1000 & echo $!'], 30_000);
  assert.equal(result.exitCode, 0);
  process.kill(Number(result.output), 'SIGKILL');
});

test('runs no command in a container that has ended', async (context) => {
  const { runtime, run, ended } = await aProcessRuntime(context);
  const id = await run('exit 0');
  await ended(id);
  await assert.rejects(runtime.exec(id, ['sh'], 1000), /container app is not running/);
});

test('goes on writing to the log from its beginning when that is cut', async (context) => {
  const { directory, run, log } = await aProcessRuntime(context);
  await run('while :; do echo line; sleep 0.05; done');
  await until('lines', () => log().length > 5);
  truncateSync(join(directory, 'log/app/0.log'));
  const text = await until('lines again', () => (log().length > 5 ? log() : undefined));
  assert.match(text, /^line\n/);
});

test('keeps every dead container until it is removed', async (context) => {
  const { runtime, run, ended, directory, sandboxId } = await aProcessRuntime(context);
  for (const attempt of [0, 1, 2]) await ended(await run('exit 1', { attempt }));
  const [pod] = await runtime.observePods();
  assert.deepEqual(
    pod?.containers.map(({ attempt }) => attempt),
    [2, 1, 0],
  );
  await runtime.removeSandbox(sandboxId);
  assert.deepEqual(await runtime.observePods(), []);
  assert.deepEqual(readdirSync(join(directory, 'containers')).sort(), ['exits', 'sandboxes']);
  assert.deepEqual(readdirSync(join(directory, 'containers/exits')), []);
});

test('looks at one pod alone when asked', async (context) => {
  const { runtime, run } = await aProcessRuntime(context);
  await run('exec sleep 1000');
  assert.deepEqual(await runtime.observePods({ namespace: 'default', name: 'other' }), []);
  assert.equal((await runtime.observePods({ namespace: 'default', name: 'app-node1' })).length, 1);
});

test('stopping a sandbox ends its containers; removing what is gone succeeds', async (context) => {
  const { runtime, run, find, sandboxId } = await aProcessRuntime(context);
  const id = await run('trap "" TERM; exec sleep 1000');
  await runtime.stopSandbox(sandboxId);
  assert.equal((await find(id))?.exitCode, 137);
  assert.equal((await runtime.observePods())[0]?.sandboxes[0]?.ready, false);
  for (const gone of ['0'.repeat(64), id]) {
    await runtime.removeContainer(gone);
    await runtime.stopContainer(gone, 1);
  }
  for (const gone of ['0'.repeat(64), sandboxId]) {
    await runtime.removeSandbox(gone);
    await runtime.stopSandbox(gone);
  }
});

test('says why a program cannot be started, and leaves no container', async (context) => {
  const { runtime, run } = await aProcessRuntime(context);
  await assert.rejects(run('', { command: ['absent'] }), /example.org\/tools:1 has no program absent/);
  await assert.rejects(run('', { image: 'example.org/none:1' }), /image example.org\/none:1 is not in the image store/);
  await assert.rejects(run('', { workingDir: '/no/such/directory' }), /workingDir \/no\/such\/directory/);
  await assert.rejects(run('', { tty: true }), /cannot run here: container app: tty/);
  assert.deepEqual((await runtime.observePods())[0]?.containers, []);
});

test('an image in use is not removed', async (context) => {
  const { runtime, run } = await aProcessRuntime(context);
  const id = await run('exec sleep 1000');
  const image = await runtime.findImage('example.org/tools:1');
  await assert.rejects(runtime.removeImage(image?.id ?? ''), /in use by container app/);
  await runtime.stopContainer(id, 30);
  await runtime.removeImage(image?.id ?? '');
  assert.equal(await runtime.findImage('example.org/tools:1'), undefined);
});

test('the helper has at most 1 MB of memory of its own', async (context) => {
  const { run, pids } = await aProcessRuntime(context);
  const { helper } = pids(await run('exec sleep 1000'));
  const rollup = readFileSync(`/proc/${helper}/smaps_rollup`, 'utf8');
  const privateKb = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce((sum, [, kb]) => sum + Number(kb), 0);
  assert.ok(privateKb > 0 && privateKb <= 1024, `${privateKb} kB`);
});

test('as root, becomes another user with fewer privileges; otherwise refuses to', async (context) => {
  const { runtime, run, ended, log, directory } = await aProcessRuntime(context);
  const security = {
    ...noSecurity,
    runAsUser: 65534,
    runAsGroup: 65533,
    supplementalGroups: [7],
    noNewPrivileges: true,
    dropCapabilities: ['ALL'],
  };
  if (!isRoot) return assert.rejects(run('exit 0', { security }), /runAsUser 65534: the agent runs as user/);
  // The way to the image store is closed to everybody else.
  chmodSync(directory, 0o700);
  const script = 'cat /proc/self/status; echo again >>/dev/stdout; sleep 1000';
  const id = await run(script, { security });
  await until('the last line', () => log().includes('again'));
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(log())?.[1]?.trim();
  assert.match(field('Uid') ?? '', /^65534\s+65534/);
  assert.match(field('Gid') ?? '', /^65533\s+65533/);
  assert.equal(field('Groups'), '7');
  assert.equal(field('NoNewPrivs'), '1');
  assert.match(field('CapBnd') ?? '', /^0+$/);
  const asked = await runtime.exec(id, ['cat', '/proc/self/status'], 10_000);
  assert.match(asked.output, /^Uid:\s+65534\s/m);
  await runtime.stopContainer(id, 0);
  await ended(id);
});

test('lowers oom_score_adj where the host lets it, and says once where it does not', async (context) => {
  const { run, pids, warnings } = await aProcessRuntime(context);
  const first = await run('exec sleep 1000', { resources: { oomScoreAdj: -500 }, name: 'first' });
  await run('exec sleep 1000', { resources: { oomScoreAdj: -500 }, name: 'second' });
  const third = await run('exec sleep 1000', { resources: { oomScoreAdj: 500 }, name: 'third' });
  const score = (id: string) => readFileSync(`/proc/${pids(id).program}/oom_score_adj`, 'utf8').trim();
  const said = warnings.filter((line) => line.includes('oom_score_adj')).length;
  assert.equal(said, score(first) === '-500' ? 0 : 1);
  assert.equal(score(third), '500');
});

test('works for a user who is not root', async (context) => {
  const directory = temporaryDirectory(context);
  const archive = join(directory, 'tools.tar');
  writeFileSync(archive, toolsArchive({ User: 'nonroot' }), { mode: 0o644 });
  if (isRoot) chownSync(directory, 65534, 65534);
  const script = fileURLToPath(new URL('../fakes/unprivileged-start.ts', import.meta.url));
  const printed = JSON.parse(execFileSync(process.execPath, [script, directory, archive]).toString());
  assert.deepEqual(printed.exec, { exitCode: 3, output: 'in\n', timedOut: false });
  assert.equal(printed.container.exitCode, 143);
  assert.match(printed.refusals[0], new RegExp(`the agent runs as user ${printed.uid}`));
  assert.match(printed.status.output, new RegExp(`^Uid:\\s+${printed.uid}\\s`, 'm'));
  assert.deepEqual(printed.images, []);
});
