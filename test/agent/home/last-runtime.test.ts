import assert from 'node:assert/strict';
import test from 'node:test';
import { lastRuntime, noteRuntime } from '../../../src/agent/home/last-runtime.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

test('the runtime of a root directory is remembered, with its endpoint where it has one', async () => {
  const host = new MemoryHost({});
  assert.equal(await lastRuntime(host, '/state'), undefined);
  const docker = { type: 'docker', endpoint: 'unix:///var/run/docker.sock' } as const;
  await noteRuntime(host, '/state', docker);
  assert.deepEqual(await lastRuntime(host, '/state'), docker);
  await noteRuntime(host, '/state', { type: 'process', endpoint: undefined });
  assert.deepEqual(await lastRuntime(host, '/state'), { type: 'process', endpoint: undefined });
});

test('a file that says something else says nothing', async () => {
  const host = new MemoryHost({ '/state/runtime': 'podman\n' });
  assert.equal(await lastRuntime(host, '/state'), undefined);
});
