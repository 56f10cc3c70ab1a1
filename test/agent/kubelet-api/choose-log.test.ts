import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLog } from '../../../src/agent/kubelet-api/choose-log.ts';
import type { ContainerState, ContainerStatus } from '../../../src/kube/types.ts';
import { aPod } from '../../fakes/agent-builders.ts';

const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const terminated = { terminated: { exitCode: 1, reason: 'Error' } };
const logs = [0, 1, 2].map((attempt) => ({ attempt, path: `/logs/${attempt}.log` }));

function choose(state: ContainerState, change: Partial<ContainerStatus> & { readonly previous?: boolean } = {}) {
  const { previous = false, ...rest } = change;
  const status: ContainerStatus = {
    name: 'app',
    state,
    lastState: {},
    ready: true,
    started: true,
    restartCount: 2,
    image: '',
    imageID: '',
    ...rest,
  };
  const pod = { ...aPod(), status: { phase: 'Running' as const, conditions: [], containerStatuses: [status] } };
  const chosen = chooseLog(logs, { pod, container: 'app', previous });
  return 'problem' in chosen ? chosen.problem : chosen.attempt;
}

test('takes the attempt that runs or has ended, and before it the one that ended', () => {
  assert.equal(choose(running), 2);
  assert.equal(choose(terminated), 2);
  assert.equal(choose(running, { lastState: terminated, previous: true }), 1);
  assert.equal(choose(terminated, { lastState: terminated, previous: true }), 1);
});

test('of a container that waits for its next attempt both are the one that ended last', () => {
  const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
  assert.equal(choose(waiting, { lastState: terminated }), 2);
  assert.equal(choose(waiting, { lastState: terminated, previous: true }), 2);
});

test('an attempt whose log is not there yet gives the one before it', () => {
  assert.equal(choose(running, { restartCount: 3 }), 2);
});

test('says in the kubelet’s words why there is none', () => {
  const about = 'container "app" in pod "web-node1"';
  const first = { restartCount: 0 };
  assert.equal(
    choose({ waiting: { reason: 'ContainerCreating' } }, first),
    `${about} is waiting to start: ContainerCreating`,
  );
  assert.equal(
    choose({ waiting: { reason: 'ErrImagePull' } }, first),
    `${about} is waiting to start: image can't be pulled`,
  );
  assert.equal(
    choose({ waiting: { reason: 'ImagePullBackOff' } }, first),
    `${about} is waiting to start: trying and failing to pull image`,
  );
  assert.equal(choose(running, { ...first, previous: true }), `previous terminated ${about} not found`);
  const pod = aPod();
  assert.deepEqual(chooseLog([], { pod, container: 'app', previous: false }), { problem: `${about} is not available` });
});
