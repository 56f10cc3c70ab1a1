import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deeds, failed, killing } from '../../../src/agent/events/deeds.ts';
import { eventObserver } from '../../../src/agent/events/event-observer.ts';
import { containerSubject } from '../../../src/agent/events/subject.ts';
import type { ContainerStatus } from '../../../src/kube/types.ts';
import { aContainer } from '../../fakes/agent-builders.ts';
import { aStaticPod } from '../../fakes/mirror-builders.ts';

const texts = (told: readonly { readonly reason: string; readonly message: string }[]) =>
  told.map(({ reason, message }) => `${reason}: ${message}`);

test('a stop is told with the kubelet’s words for its cause', () => {
  assert.equal(killing('app', 'its manifest is gone').message, 'Stopping container app');
  const probe = 'Liveness probe failed: HTTP probe failed with statuscode: 500';
  assert.equal(killing('app', probe).message, 'Container app failed liveness probe, will be restarted');
  assert.equal(
    killing('app', 'its startup probe failed').message,
    'Container app failed startup probe, will be restarted',
  );
  assert.equal(killing('app', 'its definition has changed').message, 'Container app definition changed');
});

test('a start that failed is told by its reason', () => {
  const failing = { image: 'example/app:1', message: 'no such host' };
  assert.deepEqual(texts(failed('ErrImagePull', failing)), [
    'Failed: Failed to pull image "example/app:1": no such host',
    'Failed: Error: ErrImagePull',
  ]);
  assert.deepEqual(texts(failed('CreateContainerConfigError', failing)), ['Failed: Error: no such host']);
  assert.deepEqual(texts(failed('PostStartHookError', failing)), ['FailedPostStartHook: PostStartHook failed']);
  assert.deepEqual(texts(failed('FailedMount', failing)), ['FailedMount: no such host']);
});

test('a pull is told with its time and size', () => {
  const { message } = deeds.pulled('example/app:1', { tookMs: 1234, bytes: 99 });
  assert.equal(
    message,
    'Successfully pulled image "example/app:1" in 1.234s (1.234s including waiting). Image size: 99 bytes.',
  );
});

test('an event names the pod by the hash of its manifest, and the container by its place', () => {
  const { pod } = aStaticPod({ spec: { initContainers: [aContainer({ name: 'first' })] } });
  assert.deepEqual(containerSubject(pod, 'first'), {
    pod: { name: 'web-node1', namespace: 'default', uid: 'hash1' },
    fieldPath: 'spec.initContainers{first}',
  });
  assert.equal(containerSubject(pod, 'app').fieldPath, 'spec.containers{app}');
});

const turn = { key: 'default/web-node1', operation: 'sync', durationMs: 1, acted: false } as const;

function waiting(reason: string, change: Partial<ContainerStatus> = {}): ContainerStatus {
  const state = { waiting: { reason, message: 'why' } };
  const rest = { lastState: {}, ready: false, started: false, restartCount: 1, image: 'example/app:1', imageID: '' };
  return { name: 'app', state, ...rest, ...change };
}

test('a back-off is told once for each restart, whatever else makes the agent look', () => {
  const told: string[] = [];
  const observer = eventObserver({ record: ({ reason, message }) => void told.push(`${reason}: ${message}`) });
  const look = (status: ContainerStatus) =>
    observer.turned({ ...turn, pod: aStaticPod({ status: { containerStatuses: [status] } }) });
  for (let times = 0; times < 3; times++) look(waiting('CrashLoopBackOff'));
  assert.deepEqual(told, ['BackOff: Back-off restarting failed container app in pod web-node1_default(hash1)']);
  look(waiting('CrashLoopBackOff', { restartCount: 2 }));
  assert.equal(told.length, 2);
});

test('an image’s back-off and a pod that is not admitted are told from its status', () => {
  const told: string[] = [];
  const observer = eventObserver({ record: ({ type, reason }) => void told.push(`${type} ${reason}`) });
  const status = { reason: 'NodePorts', message: 'busy', containerStatuses: [waiting('ImagePullBackOff')] };
  observer.turned({ ...turn, pod: aStaticPod({ status }) });
  observer.turned({ ...turn, pod: aStaticPod({ status }) });
  assert.deepEqual(told, ['Normal BackOff', 'Warning Failed', 'Warning NodePorts']);
});
