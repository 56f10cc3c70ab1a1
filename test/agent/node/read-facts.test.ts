import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeFactsReader } from '../../../src/agent/node/read-facts.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const files = {
  '/etc/machine-id': '3d1219c7c4c5404aaa1f6d2a48adfda4\n',
  '/etc/os-release': 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  '/proc/sys/kernel/osrelease': '6.18.0\n',
  '/proc/sys/kernel/random/boot_id': 'b-1\n',
  '/proc/meminfo': 'MemTotal:       8388608 kB\nMemAvailable:    1048576 kB\n',
  '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages': '4\n',
  '/root/state': '',
};
const version = { name: 'docker', version: '29.0.1', apiVersion: '1.52' };

function setup(
  change: { readonly version?: () => Promise<typeof version>; readonly labels?: Record<string, string> } = {},
) {
  const clock = new FakeClock();
  const log = recordingLog();
  const asked = { images: 0 };
  const read = nodeFactsReader({
    host: aHost(new MemoryHost(files)),
    clock,
    log,
    dir: '/root/state',
    runtime: {
      type: 'docker',
      version: change.version ?? (async () => version),
      listImages: async () => {
        asked.images += 1;
        return [{ id: 'x', tags: ['a:1'], digests: [], sizeBytes: 5, user: '' }];
      },
    },
    settings: { nodeName: 'node1', nodeIPs: ['192.0.2.7'], nodeLabels: change.labels ?? {}, registerWithTaints: [] },
    unhealthy: () => undefined,
    kubeletApi: () => ({ port: 10_250, features: ['F'] }),
  });
  return { clock, log, asked, read };
}

test('tells who this machine is; without DMI the machine ID stands for it', async () => {
  const { read } = setup();
  const facts = await read({ kubeletVersion: 'v1.37.2', images: true });
  assert.deepEqual(facts.machine, {
    machineID: '3d1219c7c4c5404aaa1f6d2a48adfda4',
    systemUUID: '3d1219c7c4c5404aaa1f6d2a48adfda4',
    bootID: 'b-1',
    kernelVersion: '6.18.0',
    osImage: 'Debian GNU/Linux 12 (bookworm)',
  });
  assert.equal(facts.runtimeVersion, 'docker://29.0.1');
  assert.equal(facts.health.resources.memoryAvailableBytes, 2 ** 30);
  assert.deepEqual(facts.health.resources.hugePages, { 2048: 4 });
  assert.deepEqual([facts.kubeletPort, facts.declaredFeatures], [10_250, ['F']]);
});

test('images are looked for only when they are asked for', async () => {
  const { read, asked } = setup();
  await read({ kubeletVersion: 'v', images: true });
  const again = await read({ kubeletVersion: 'v', images: false });
  assert.equal(asked.images, 1);
  assert.deepEqual(again.images, [{ names: ['a:1'], sizeBytes: 5 }]);
});

test('labels that the API server would refuse are left out, and named once', async () => {
  const { read, log } = setup({ labels: { 'node-role.kubernetes.io/x': '', rack: '7' } });
  await read({ kubeletVersion: 'v', images: false });
  const { labels } = await read({ kubeletVersion: 'v', images: false });
  assert.equal(labels.rack, '7');
  assert.deepEqual(log.warnings, [
    'a node may not give itself the labels node-role.kubernetes.io/x: an admin sets them',
  ]);
});

test('a runtime that hangs delays nothing for more than 2 s, and counts as down after 30 s', async () => {
  const { read, clock } = setup({ version: () => new Promise(() => {}) });
  const look = async () => {
    const looking = read({ kubeletVersion: 'v', images: true });
    await clock.advance(2_000);
    return (await looking).health.problem;
  };
  assert.equal(await look(), undefined);
  await clock.advance(30_000);
  assert.equal(await look(), 'container runtime is down: it does not answer');
});

test('a runtime that fails for more than 30 s counts as down, with the reason, until it answers', async () => {
  let failing = true;
  const { read, clock } = setup({
    version: async () => {
      if (failing) throw new Error('connect ENOENT /run/docker.sock');
      return version;
    },
  });
  await read({ kubeletVersion: 'v', images: false });
  await clock.advance(31_000);
  const down = await read({ kubeletVersion: 'v', images: false });
  assert.equal(down.health.problem, 'container runtime is down: connect ENOENT /run/docker.sock');
  failing = false;
  assert.equal((await read({ kubeletVersion: 'v', images: false })).health.problem, undefined);
});
