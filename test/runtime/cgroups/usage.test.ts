import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeGroup, decodeUsage } from '../../../src/runtime/cgroups/usage.ts';

const v1 = {
  version: 1 as const,
  directories: [],
  byController: new Map([
    ['cpuacct', '/sys/fs/cgroup/cpuacct'],
    ['memory', '/sys/fs/cgroup/memory'],
  ]),
};

test('finds the group of a process in the trees of version 1, also where controllers share one', () => {
  const text = '4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n';
  assert.deepEqual(decodeGroup(text, v1), {
    version: 1,
    cpu: '/sys/fs/cgroup/cpuacct/docker/abc',
    memory: '/sys/fs/cgroup/memory/docker/abc',
  });
});

test('finds it in the one tree of version 2', () => {
  const place = '/sys/fs/cgroup/a.slice/docker-x.scope';
  const found = decodeGroup('0::/a.slice/docker-x.scope\n', { version: 2, directory: '/sys/fs/cgroup' });
  assert.deepEqual(found, { version: 2, cpu: place, memory: place });
});

test('a process that is gone has none', () => {
  assert.equal(decodeGroup('', v1), undefined);
});

test('reads version 1: the working set is without file pages that nobody used lately', () => {
  const stat = 'cache 5\ntotal_rss 100\ntotal_inactive_file 30\ntotal_pgfault 7\ntotal_pgmajfault 2\n';
  assert.deepEqual(decodeUsage(1, { cpu: '12345\n', usage: '200\n', stat, limit: '9223372036854771712\n' }), {
    cpuNanoseconds: 12_345,
    usageBytes: 200,
    workingSetBytes: 170,
    rssBytes: 100,
    pageFaults: 7,
    majorPageFaults: 2,
  });
});

test('reads version 2, with a limit and without', () => {
  const stat = 'anon 100\nfile 50\ninactive_file 300\npgfault 7\npgmajfault 2\n';
  const usage = decodeUsage(2, { cpu: 'usage_usec 12\nuser_usec 1\n', usage: '200\n', stat, limit: '500\n' });
  assert.deepEqual([usage.cpuNanoseconds, usage.workingSetBytes, usage.limitBytes], [12_000, 0, 500]);
  assert.equal(decodeUsage(2, { cpu: '', usage: '1', stat, limit: 'max\n' }).limitBytes, undefined);
});
