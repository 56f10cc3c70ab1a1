import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { findPod, loggedPods } from '../../src/cli/find-pod.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { aComponentPod, anAgentStatus } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

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
  const host = new MemoryHost({ '/var/log/pods/kube-system_etcd-node1_a1/etcd/0.log': '' });
  const known = await loggedPods(host, paths, anAgentStatus([aComponentPod('etcd')]));
  assert.deepEqual(known, await loggedPods(host, paths, undefined));
});
