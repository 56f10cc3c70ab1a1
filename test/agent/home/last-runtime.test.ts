import assert from 'node:assert/strict';
import test from 'node:test';
import { formerRuntimes, lastRuntime, notedRuntimes, noteRuntimes } from '../../../src/agent/home/last-runtime.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const docker = { type: 'docker', endpoint: 'unix:///var/run/docker.sock' } as const;
const processes = { type: 'process', endpoint: undefined } as const;

test('the runtime of a root directory is remembered, with its endpoint where it has one', async () => {
  const host = new MemoryHost({});
  assert.equal(await lastRuntime(host, '/state'), undefined);
  await noteRuntimes(host, '/state', { present: docker, formers: [] });
  assert.deepEqual(await lastRuntime(host, '/state'), docker);
  await noteRuntimes(host, '/state', { present: processes, formers: [] });
  assert.deepEqual(await lastRuntime(host, '/state'), processes);
});

test('runtimes that may still have pods are remembered below the present one, until they are forgotten', async () => {
  const host = new MemoryHost({});
  await noteRuntimes(host, '/state', { present: docker, formers: [processes] });
  assert.deepEqual(await lastRuntime(host, '/state'), docker);
  const noted = await notedRuntimes(host, '/state');
  assert.deepEqual(formerRuntimes(noted, docker), [processes]);
  assert.deepEqual(formerRuntimes(noted, processes), [docker], 'the way back');
});

test('a file that says something else says nothing', async () => {
  const host = new MemoryHost({ '/state/runtime': 'podman\n' });
  assert.equal(await lastRuntime(host, '/state'), undefined);
});
