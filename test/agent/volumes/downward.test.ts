import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { writeAtomically } from '../../../src/agent/volumes/atomic-files.ts';
import { downwardFiles, type VolumeFile } from '../../../src/agent/volumes/downward-files.ts';
import { nestedMounts } from '../../../src/agent/volumes/nested-mounts.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import type { Volume } from '../../../src/kube/types.ts';
import { aContainer } from '../../fakes/agent-builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aPodContext } from '../../fakes/pod-context.ts';

const dir = '/pods/uid1/volumes/kubernetes.io~downward-api/v';
const file = (path: string, data: string, mode = 0o644): VolumeFile => ({ path, data, mode });

async function write(host: MemoryHost, files: readonly VolumeFile[], clock = new FakeClock(), group?: number) {
  await writeAtomically({ host, clock }, dir, { files, group });
}

test('files tell the pod’s fields and resources, with the modes asked for', () => {
  const volume: Volume = {
    name: 'v',
    downwardAPI: {
      defaultMode: 0o400,
      items: [
        { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
        { path: './deep//uid', fieldRef: { fieldPath: 'metadata.uid' }, mode: 0o444 },
        { path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu', divisor: '1m' } },
        { path: 'memory', resourceFieldRef: { containerName: 'app', resource: 'limits.memory', divisor: '1Mi' } },
      ],
    },
  };
  const containers = [aContainer({ resources: { limits: { memory: '65Mi' } } })];
  const context = aPodContext({ containers }, {}, { labels: { b: 'x "y"\u0007', a: '1' } });
  assert.deepEqual(downwardFiles(context, volume), [
    { path: 'labels', data: 'a="1"\nb="x \\"y\\"\\a"', mode: 0o400 },
    { path: 'deep/uid', data: 'uid1', mode: 0o444 },
    { path: 'cpu', data: '2000', mode: 0o400 },
    { path: 'memory', data: '65', mode: 0o400 },
  ]);
});

test('a projected volume holds the files of all its sources', () => {
  const source = (path: string, fieldPath: string) => ({ downwardAPI: { items: [{ path, fieldRef: { fieldPath } }] } });
  const sources = [source('a', 'metadata.name'), source('b', 'metadata.namespace')];
  assert.deepEqual(downwardFiles(aPodContext(), { name: 'v', projected: { sources, defaultMode: 0o440 } }), [
    { path: 'a', data: 'web-node1', mode: 0o440 },
    { path: 'b', data: 'default', mode: 0o440 },
  ]);
});

test('names lead through ..data to a directory of the time', async () => {
  const host = new MemoryHost();
  await write(host, [file('name', 'web'), file('deep/uid', 'uid1', 0o400)]);
  const made = (await host.readLink(`${dir}/..data`)) ?? '';
  assert.match(made, /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$/);
  assert.equal(await host.readLink(`${dir}/name`), '..data/name');
  assert.equal(await host.readLink(`${dir}/deep`), '..data/deep');
  assert.equal(host.text(`${dir}/${made}/name`), 'web');
  assert.equal((await host.stat(`${dir}/${made}/deep/uid`))?.mode, 0o400);
});

test('the same again writes nothing; something else replaces all at once', async () => {
  const real = mkdtempSync(join(tmpdir(), 'downward-'));
  const clock = new FakeClock();
  const seen = async (data: string) => {
    const files = [file('name', data), file('deep/uid', 'uid1')];
    await writeAtomically({ host: nodeHost, clock }, real, { files, group: undefined });
    await clock.advance(5000);
    return [readFileSync(join(real, 'name'), 'utf8'), readlinkSync(join(real, '..data'))];
  };
  const first = await seen('web');
  assert.deepEqual(await seen('web'), first);
  const [data, made] = await seen('other');
  assert.equal(data, 'other');
  assert.notEqual(made, first[1]);
  assert.deepEqual(readdirSync(real).sort(), ['..data', made, 'deep', 'name'].sort());
  rmSync(real, { recursive: true });
});

test('a kill at any step leaves all old or all new, and the next run goes on', async () => {
  for (let steps = 0; steps < 30; steps++) {
    const host = new MemoryHost();
    const clock = new FakeClock();
    await write(host, [file('name', 'old')], clock);
    await clock.advance(5000);
    host.killAfter(steps);
    const done = await write(host, [file('name', 'new')], clock).then(
      () => true,
      () => false,
    );
    const after = host.restarted();
    const data = after.text(`${dir}/${await after.readLink(`${dir}/..data`)}/name`);
    assert.ok(data === 'old' || data === 'new', `after ${steps} steps: ${data}`);
    await write(after, [file('name', 'new')], clock);
    assert.equal(after.text(`${dir}/${await after.readLink(`${dir}/..data`)}/name`), 'new');
    const left = ((await after.list(dir)) ?? []).filter((name) => /^\.\.\d/.test(name));
    assert.equal(left.length, 1, `after ${steps} steps: ${left}`);
    if (done) return;
  }
  assert.fail('never got to its end');
});

test('fsGroup may read the files, nobody gets to write them', async () => {
  const host = new MemoryHost();
  await write(host, [file('name', 'web', 0o400)], new FakeClock(), 2000);
  const made = await host.readLink(`${dir}/..data`);
  const info = await host.stat(`${dir}/${made}/name`);
  assert.deepEqual([info?.mode, info?.gid], [0o440, 2000]);
  assert.equal((await host.stat(`${dir}/${made}`))?.mode, 0o2755);
});

test('what is mounted inside of a volume has its directory there', () => {
  const volumeMounts = [
    { name: 'v', mountPath: '/etc/pod/' },
    { name: 'e', mountPath: '/etc/pod/run/x' },
    { name: 'e', mountPath: '/etc/podother' },
  ];
  const { pod } = aPodContext({ containers: [aContainer({ volumeMounts })] }).desired;
  assert.deepEqual(nestedMounts(pod, 'v'), ['run/x']);
  assert.deepEqual(nestedMounts(pod, 'e'), []);
});
