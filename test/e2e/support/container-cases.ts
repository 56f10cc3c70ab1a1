import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { aContainerSecurity } from '../../fakes/runtime-builders.ts';
import { programsIn } from './processes.ts';
import type { RuntimePods } from './runtime-pods.ts';

/** What containers do in every engine; to be called in a suite that begins and ends the pods. */
export function containerCases(pods: RuntimePods): void {
  it('starts nothing twice: asked again, also by the next agent, it gives the same sandbox and container', async () => {
    const { id, sandboxId, sandbox } = await pods.start('again', 'sleep 600');
    const next = pods.another();
    const same = pods.container('sleep 600');
    assert.equal(await next.createSandbox(sandbox), sandboxId);
    assert.equal(await next.startContainer(sandboxId, sandbox, same), id);
    const before = (await pods.pod('again'))?.containers[0]?.startedAtMs;
    assert.equal((await pods.pod('again', next))?.containers[0]?.startedAtMs, before);
    await next.close();
  });

  it('stops with the grace that is given: what heeds SIGTERM ends by itself, what does not is killed', async () => {
    const heeds = await pods.start('heeds', "trap 'exit 3' TERM; while :; do sleep 0.05; done");
    const ignores = await pods.start('ignores', "trap '' TERM; while :; do sleep 0.05; done");
    const began = Date.now();
    await Promise.all([pods.runtime.stopContainer(heeds.id, 30), pods.runtime.stopContainer(ignores.id, 1)]);
    assert.ok(Date.now() - began < 15_000);
    const [first, second] = [await pods.exited('heeds'), await pods.exited('ignores')];
    assert.deepEqual([first.exitCode, second.exitCode], [3, 137]);
    await pods.runtime.stopContainer(heeds.id, 30);
    await pods.runtime.stopContainer('0123456789ab', 30);
  });

  it('tells exit codes, times and reasons', async () => {
    await pods.start('fails', 'sleep 0.3; exit 7');
    const container = await pods.exited('fails');
    assert.deepEqual([container.exitCode, container.reason], [7, 'Error']);
    assert.ok((container.finishedAtMs ?? 0) >= (container.startedAtMs ?? Number.POSITIVE_INFINITY));
    await pods.start('completes', 'exit 0');
    assert.equal((await pods.exited('completes')).reason, 'Completed');
  });

  it('runs with the environment, arguments, user, groups and mounts that are given', async () => {
    await writeFile(join(pods.directory, 'file'), 'mounted');
    const mount = {
      hostPath: join(pods.directory, 'file'),
      containerPath: '/mnt/file',
      readOnly: true,
      propagation: 'private',
    } as const;
    const { id } = await pods.start('given', 'sleep 600', {
      env: [{ name: 'WORD', value: 'a b' }],
      mounts: [mount],
      security: aContainerSecurity({
        runAsUser: 1234,
        runAsGroup: 2345,
        supplementalGroups: [3456],
        noNewPrivileges: true,
      }),
    });
    const script = 'echo "$WORD"; cat /mnt/file; echo; while read -r line; do echo "$line"; done < /proc/self/status';
    const { output } = await pods.runtime.exec(id, ['/bin/sh', '-c', script], 10_000);
    assert.match(output, /^a b\nmounted\n/);
    assert.match(output, /^Uid:\s+1234\s/m);
    assert.match(output, /^Gid:\s+2345\s/m);
    assert.match(output, /^Groups:\s+.*3456/m);
    assert.match(output, /^NoNewPrivs:\s+1$/m);
  });

  it('executes commands: output of both streams, exit code, at most 10 KiB', async () => {
    const { id } = await pods.start('exec', 'sleep 600');
    const { output, ...rest } = await pods.runtime.exec(
      id,
      ['/bin/sh', '-c', 'echo out; echo err >&2; exit 5'],
      10_000,
    );
    assert.deepEqual(output.trim().split('\n').sort(), ['err', 'out']);
    assert.deepEqual(rest, { exitCode: 5, timedOut: false });
    const much = await pods.runtime.exec(
      id,
      ['/bin/sh', '-c', 'i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i+1)); done'],
      10_000,
    );
    assert.equal(much.output.length, 10 * 1024);
    // Docker gives an exit code, CRI an error.
    const missing = await pods.runtime.exec(id, ['/bin/nope'], 10_000).catch((thrown: unknown) => String(thrown));
    if (typeof missing === 'string') assert.match(missing, /\/bin\/nope.*no such file/);
    else assert.match(String(missing.exitCode), /^12[67]$/);
    await pods.runtime.stopContainer(id, 0);
    await assert.rejects(pods.runtime.exec(id, ['/bin/sh'], 1000), /is not running|CONTAINER_EXITED/);
  });

  it('kills a command that takes longer than its timeout, and leaves the container alone', async () => {
    const { id } = await pods.start('slow-exec', 'sleep 600');
    const result = await pods.runtime.exec(id, ['/bin/sleep', '4321'], 300);
    assert.deepEqual(result, { exitCode: 137, output: '', timedOut: true });
    const programs = programsIn(id);
    assert.ok(!programs.some((line) => line.includes('4321')), programs.join());
    assert.ok(programs.includes('sleep 600'), programs.join());
  });
}
