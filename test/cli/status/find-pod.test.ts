import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { containersOf, findPod, loggedPods } from '../../../src/cli/status/find-pod.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { aComponentPod, anAgentStatus } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const paths = pathsOf('/');
const pod = (name: string, namespace: string) => ({
  identity: { name: `${name}-node1`, namespace, uid: name },
  shortName: name,
  containers: [name],
});
const pods = [pod('etcd', 'kube-system'), pod('web', 'default'), pod('web', 'other')];

test('a pod is found with or without the name of the node and the namespace', () => {
  for (const asked of ['etcd', 'etcd-node1', 'kube-system/etcd']) {
    assert.equal(findPod(pods, asked, undefined).shortName, 'etcd');
  }
  assert.equal(findPod(pods, 'web', 'other').identity.namespace, 'other');
});

test('a name that is none, or several, is wrong usage that helps', () => {
  const hintOf = (asked: string) => {
    try {
      findPod(pods, asked, undefined);
    } catch (thrown) {
      assert.ok(thrown instanceof UsageError);
      return thrown.hint;
    }
    return undefined;
  };
  assert.equal(hintOf('etdc'), 'did you mean etcd? pods: etcd, web');
  assert.equal(hintOf('web'), 'name one with -n: default, other');
});

test('pods come from the agent, and from the logs that are there when none answers', async () => {
  const host = Object.assign(new MemoryHost({ '/var/log/pods/kube-system_etcd-node1_a1/etcd/0.log': '' }), {
    hostname: () => 'node1',
  });
  const known = await loggedPods(host, paths, anAgentStatus([aComponentPod('etcd')]));
  assert.deepEqual(known, await loggedPods(host, paths, undefined));
});

const aFile = { kind: 'directory', size: 0, mode: 0o755, uid: 0, gid: 0, inode: 1, device: 1 } as const;

test('without a name the pods are listed', () => {
  assert.throws(
    () => findPod(pods, undefined, undefined),
    (thrown: unknown) => thrown instanceof UsageError && thrown.hint === 'pods: etcd, web',
  );
});

test('pod/NAME is taken as kubectl takes it', () => {
  assert.equal(findPod(pods, 'pod/etcd', undefined).shortName, 'etcd');
});

test('the container that is meant is the named one, the annotated one, else the first', () => {
  const several = { ...pod('web', 'default'), containers: ['app', 'side', 'init'] };
  const containers = (container: string | undefined, allContainers = false, defaultContainer?: string) =>
    containersOf(defaultContainer === undefined ? several : { ...several, defaultContainer }, {
      container,
      allContainers,
    });
  assert.deepEqual(containers(undefined), ['app']);
  assert.deepEqual(containers(undefined, false, 'side'), ['side']);
  assert.deepEqual(containers('init'), ['init']);
  assert.deepEqual(containers(undefined, true), ['app', 'side', 'init']);
  assert.throws(
    () => containers('none'),
    (thrown: unknown) => thrown instanceof UsageError && thrown.hint === 'it has: app, side, init',
  );
});

test('without an agent the newest of several pods of one name counts, whatever the node is called', async () => {
  const host = Object.assign(
    new MemoryHost({
      '/var/log/pods/default_web-my-node_b2/app/0.log': '',
      '/var/log/pods/default_web-my-node_a1/app/0.log': '',
    }),
    {
      hostname: () => 'my-node',
      stat: async (path: string) => ({ ...aFile, modifiedAtMs: path.includes('a1') ? 2 : 1 }),
    },
  );
  const found = findPod(await loggedPods(host, paths, undefined), 'web', undefined);
  assert.equal(found.shortName, 'web');
  assert.equal(found.identity.uid, 'a1');
});
