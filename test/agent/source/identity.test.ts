import assert from 'node:assert/strict';
import test from 'node:test';
import { staticPod } from '../../../src/agent/source/identity.ts';
import { parseManifest } from '../../../src/agent/source/manifest.ts';
import { parseManifestUrl } from '../../../src/agent/source/manifest-url.ts';
import { aPod } from '../../fakes/agent-builders.ts';

const origin = { file: '/m/web.yaml', nodeName: 'Node-A', seen: '2026-01-01T00:00:00.000Z' };

test('an explicit uid is shown, but the hash still follows the content', () => {
  const first = staticPod({ pod: aPod({}, { uid: 'my-uid' }), written: { a: 1 }, ...origin });
  const second = staticPod({ pod: aPod({}, { uid: 'my-uid' }), written: { a: 2 }, ...origin });
  assert.equal(first.uid, 'my-uid');
  assert.equal(first.pod.metadata.uid, 'my-uid');
  assert.notEqual(first.hash, second.hash);
});

test('the order of keys in the manifest does not matter', () => {
  const pod = aPod({}, { uid: '' });
  const one = staticPod({ pod, written: { a: 1, b: { c: 2, d: 3 } }, ...origin });
  const other = staticPod({ pod, written: { b: { d: 3, c: 2 }, a: 1 }, ...origin });
  assert.equal(one.uid, other.uid);
});

test('a toleration of every NoExecute taint is added once', () => {
  const own = { operator: 'Exists', effect: 'NoExecute' } as const;
  const pod = staticPod({ pod: aPod({ tolerations: [own] }), written: {}, ...origin }).pod;
  assert.deepEqual(pod.spec.tolerations, [own]);
});

test('the name ends with the node’s name in lower case', () => {
  const { pod } = staticPod({ pod: aPod({}, { name: 'etcd' }), written: {}, ...origin });
  assert.equal(pod.metadata.name, 'etcd-node-a');
  assert.equal(pod.spec.nodeName, 'Node-A');
});

test('the UID of a manifest is the same for every version of the agent', () => {
  const text = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: web, image: "web:1", args: [a, 'é'], resources: {limits: {cpu: 1}}}
`;
  // These may never change: a new version of the agent would restart every pod of every machine.
  const uidOf = (file: string, nodeName: string) =>
    parseManifest(text, { file, nodeName, seen: origin.seen }).desired?.uid;
  assert.equal(uidOf('/etc/kubernetes/manifests/web.yaml', 'node-a'), '5e4ab739337ba3d62093c7b051f05f5b');
  assert.equal(uidOf('/etc/kubernetes/manifests/other.yaml', 'node-a'), '49ccf284e169da5488cca9b459e9ba44');
  assert.equal(uidOf('/etc/kubernetes/manifests/web.yaml', 'Node-A'), '0e9f7554cbab0d4c28284b1f8618b209');
  const url = { url: 'http://example.com/pod?token=x', file: 'http://example.com/pod' };
  const fetched = parseManifestUrl(text, { ...url, nodeName: 'node-a', seen: origin.seen }).pods.get(
    'default/web-node-a',
  );
  assert.equal(fetched?.uid, 'a24670917065bf4cc09fe1d5201e31dc');
  assert.equal(fetched?.pod.metadata.annotations?.['kubernetes.io/config.source'], 'http');
  assert.equal(fetched?.pod.spec.tolerations, undefined);
});

test('comments, order, quotes and JSON instead of YAML make no other pod; a new value does', () => {
  const forms = [
    'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: "b:1"}]}\n',
    '# x\nkind: Pod\napiVersion: "v1"\nspec:\n  containers:\n  - image: b:1\n    name: a\nmetadata:\n  name: web\n',
    '\ufeff---\r\nkind: Pod\r\napiVersion: v1\r\nspec: {containers: [{name: a, image: b:1}]}\r\nmetadata: {name: web}\r\n',
    '{"spec":{"containers":[{"image":"b:1","name":"a"}]},"kind":"Pod","apiVersion":"v1","metadata":{"name":"web"}}',
  ];
  const uids = forms.map((text) => parseManifest(text, { ...origin }).desired?.uid);
  assert.match(uids[0] ?? '', /^[0-9a-f]{32}$/);
  assert.equal(new Set(uids).size, 1);
  assert.notEqual(parseManifest(forms[0]?.replace('b:1', 'b:2') ?? '', { ...origin }).desired?.uid, uids[0]);
});

test('a number that no double holds does not stop the hash', () => {
  const text =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: w}\nspec: {x: 99999999999999999999, containers: [{name: a, image: b}]}\n';
  const { desired, reason } = parseManifest(text, { ...origin });
  assert.equal(reason, undefined);
  assert.match(desired?.uid ?? '', /^[0-9a-f]{32}$/);
});
