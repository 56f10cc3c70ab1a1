import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attemptOf, readLabels } from '../../../src/runtime/docker/identity.ts';
import { containerOf, stateOf } from '../../../src/runtime/docker/state.ts';

const never = '0001-01-01T00:00:00Z';
const created = '2026-01-01T00:00:00.123456789Z';
const started = '2026-01-01T00:00:01.5Z';
const finished = '2026-01-01T00:00:02.5Z';

function told(change: Partial<Parameters<typeof stateOf>[0]['State']>) {
  const state = { Status: '', Running: false, Paused: false, Restarting: false, OOMKilled: false, Dead: false };
  const ends = { Pid: 0, ExitCode: 0, Error: '', StartedAt: never, FinishedAt: never };
  return stateOf({ Created: created, State: { ...state, ...ends, ...change } });
}

describe("Docker's account of a container", () => {
  it('is running with the time of its start', () => {
    assert.deepEqual(told({ Running: true, StartedAt: started }), {
      state: 'running',
      createdAtMs: Date.UTC(2026, 0, 1, 0, 0, 0, 123),
      startedAtMs: Date.UTC(2026, 0, 1, 0, 0, 1, 500),
    });
  });

  it('is exited: completed with code 0, an error with another, OOMKilled when the kernel says so', () => {
    const end = { StartedAt: started, FinishedAt: finished };
    assert.equal(told(end).reason, 'Completed');
    assert.equal(told({ ...end, ExitCode: 1 }).reason, 'Error');
    const oom = told({ ...end, ExitCode: 137, OOMKilled: true });
    assert.deepEqual([oom.state, oom.exitCode, oom.reason], ['exited', 137, 'OOMKilled']);
    assert.equal(oom.finishedAtMs, Date.UTC(2026, 0, 1, 0, 0, 2, 500));
  });

  it('never ends before it starts, though Docker stamps the start of a short run late', () => {
    const brief = told({ StartedAt: finished, FinishedAt: started });
    assert.equal(brief.finishedAtMs, Date.UTC(2026, 0, 1, 0, 0, 1, 500));
    assert.equal(brief.startedAtMs, brief.finishedAtMs);
  });

  it('is exited as ContainerCannotRun when its start failed, with the words of Docker', () => {
    const failed = told({ ExitCode: 127, Error: 'exec: "nope": not found' });
    assert.equal(failed.state, 'exited');
    assert.equal(failed.reason, 'ContainerCannotRun');
    assert.equal(failed.message, 'exec: "nope": not found');
    assert.equal(failed.finishedAtMs, failed.createdAtMs);
  });

  it('is created when it was never started', () => {
    assert.equal(told({}).state, 'created');
  });
});

describe('the image of a container', () => {
  const id = `sha256:${'a'.repeat(64)}`;
  const labels = {
    'io.kubernetes.pod.uid': 'u1',
    'io.kubernetes.pod.name': 'web',
    'io.kubernetes.pod.namespace': 'default',
    'io.kubernetes.container.name': 'app',
    'kube-bootstrap/image': 'registry.example/app:1',
  };
  const info = { Id: 'c1', Names: ['/k8s_app_web_default_u1_0'], ImageID: id, Labels: labels, State: 'running' };
  const imageWith = (image: string) => {
    const listed = { ...info, Image: image } as unknown as Parameters<typeof containerOf>[0];
    return containerOf(listed, told({ Running: true, StartedAt: started }))?.image;
  };

  it('is what it was asked for by, as ours are created by image ID', () => {
    assert.equal(imageWith(id), 'registry.example/app:1');
  });

  it('is what Docker says when somebody has replaced the container by one of a reference', () => {
    assert.equal(imageWith('localhost/other:1'), 'localhost/other:1');
  });
});

describe('names and labels', () => {
  it('tell the attempt, also with a random suffix', () => {
    assert.equal(attemptOf('/k8s_app_web_default_uid_7'), 7);
    assert.equal(attemptOf('/k8s_app_web_default_uid_7_1a2b3c4d'), 7);
  });

  it('come back as they were given, annotations apart, without what only this runtime needs', () => {
    const back = readLabels({ app: 'web', 'annotation.a/b': 'c', 'io.kubernetes.sandbox.id': 'x' });
    assert.deepEqual(back, { labels: { app: 'web' }, annotations: { 'a/b': 'c' } });
  });
});
