import assert from 'node:assert/strict';
import test from 'node:test';
import { planLimits, weightOf } from '../../../src/runtime/cgroups/limits.ts';
import { controllerDirectory, decodeCgroupMounts, groupDirectories } from '../../../src/runtime/cgroups/mounts.ts';
import { cgroupParent, sliceProperties } from '../../../src/runtime/cgroups/pod-cgroups.ts';

const legacy = [
  '30 1 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '31 1 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory',
  '32 1 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
  '33 1 0:29 /docker/abc /mnt/part rw - cgroup cgroup rw,pids',
].join('\n');
const limits = { cpuShares: 1024, cpuQuota: 50_000, memoryLimitBytes: 4096, pidsLimit: 10 };

test('control groups are found in one tree for each controller, or in a single one', () => {
  const mounts = decodeCgroupMounts(legacy);
  assert.ok(mounts !== undefined);
  assert.equal(mounts.version, 1);
  assert.equal(controllerDirectory(mounts, 'cpu', '/a'), '/sys/fs/cgroup/cpu,cpuacct/a');
  assert.equal(controllerDirectory(mounts, 'pids', '/a'), undefined);
  assert.equal(groupDirectories(mounts, '/a').length, 3);
  const unified = decodeCgroupMounts('30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate');
  assert.deepEqual(unified, { version: 2, directory: '/sys/fs/cgroup' });
  assert.equal(decodeCgroupMounts(''), undefined);
});

test('limits are written as each version has them', () => {
  const written = (version: 1 | 2) => planLimits(version, limits).map(({ file, value }) => `${file}=${value}`);
  assert.deepEqual(written(1), [
    'cpu.shares=1024',
    'cpu.cfs_quota_us=50000',
    'memory.limit_in_bytes=4096',
    'pids.max=10',
  ]);
  assert.deepEqual(written(2), ['cpu.weight=39', 'cpu.max=50000 100000', 'memory.max=4096', 'pids.max=10']);
  assert.deepEqual([weightOf(2), weightOf(262_144)], [1, 10_000]);
});

test("a pod's group is named as the kubelet's, below one of this root directory's own", () => {
  const pod = { owner: '0123456789abcdef', uid: 'u-1', qos: 'Burstable', driver: 'cgroupfs' } as const;
  assert.equal(cgroupParent(pod), '/kube-bootstrap-01234567/kubepods/burstable/podu-1');
  assert.equal(cgroupParent({ ...pod, qos: 'Guaranteed' }), '/kube-bootstrap-01234567/kubepods/podu-1');
  const slice = cgroupParent({ ...pod, driver: 'systemd' });
  assert.equal(slice, 'kube_bootstrap_01234567-kubepods-burstable-podu_1.slice');
  assert.deepEqual(sliceProperties({ qos: 'Burstable', ...limits }), [
    'CPUWeight=39',
    'CPUQuota=50%',
    'MemoryMax=4096',
    'TasksMax=10',
  ]);
});
