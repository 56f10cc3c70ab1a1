import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import type { HostFiles } from '../../src/host/host.ts';
import { applyPatches, type Patch, readPatches } from '../../src/manifests/patches.ts';
import { renderManifests } from '../../src/manifests/render.ts';
import { manifestInput } from '../fakes/manifest-builders.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const host = (files: Readonly<Record<string, string>>): HostFiles =>
  new MemoryHost(Object.fromEntries(Object.entries(files).map(([name, text]) => [`/patches/${name}`, text])));

const read = (files: Readonly<Record<string, string>>) => readPatches(host(files), '/patches');

describe('a directory of patches', () => {
  test('is read in the order of the names, each with target and type', async () => {
    const { patches, warnings } = await read({
      'etcd.yaml': 'a: 1',
      'etcd0+merge.json': '{"b": 1}',
      'kube-apiserver-extra+json.yaml': '[]',
      'corednsdeployment+strategic.yaml': 'c: 1',
      'sub/etcd1.yaml': 'd: 1\n---\ne: 1\n---\n# nothing\n',
    });
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      patches.map(({ target, type, value }) => [target, type, value]),
      [
        ['corednsdeployment', 'strategic', { c: 1 }],
        ['etcd', 'strategic', { a: 1 }],
        ['etcd', 'merge', { b: 1 }],
        ['kube-apiserver', 'json', []],
        ['etcd', 'strategic', { d: 1 }],
        ['etcd', 'strategic', { e: 1 }],
      ],
    );
  });

  test('warns of files that are no patches', async () => {
    const { patches, warnings } = await read({
      'README.md': 'x',
      'kubelet.yaml': 'a: 1',
      'etcd.yaml': '',
      'etcd.yml': 'a: 1',
    });
    assert.deepEqual(patches, []);
    assert.equal(warnings.length, 4);
    assert.match(warnings.join('\n'), /README\.md is ignored: the name must end with \.yaml or \.json/);
    assert.match(warnings.join('\n'), /kubelet\.yaml is ignored: its name begins with none of etcd, kube-apiserver/);
    assert.match(warnings.join('\n'), /etcd\.yaml is ignored: it is empty/);
  });

  test('is refused with all that cannot be read', async () => {
    await assert.rejects(read({ 'etcd+smart.yaml': 'a: 1', 'etcd.yaml': 'a: [' }), (thrown) => {
      assert.ok(thrown instanceof UsageError);
      assert.deepEqual(thrown.findings.map(({ file }) => file).sort(), [
        '/patches/etcd+smart.yaml',
        '/patches/etcd.yaml',
      ]);
      return true;
    });
  });

  test('is refused when it is none', async () => {
    await assert.rejects(readPatches(host({}), '/nowhere'), /\/nowhere is no directory/);
  });
});

const patch = (type: Patch['type'], value: unknown): Patch => ({ target: 'etcd', type, file: '/p/etcd.yaml', value });
const target = { target: 'etcd', schema: 'Pod' };

describe('a patch that cannot be applied names its file and what is wrong', () => {
  const cases: readonly (readonly [string, Patch, RegExp])[] = [
    [
      'a merge key that is missing',
      patch('strategic', { spec: { containers: [{ image: 'x' }] } }),
      /merge key name is missing/,
    ],
    ['a directive that there is not', patch('strategic', { spec: { $patch: 'mix' } }), /"mix" is not possible here/],
    ['a test that fails', patch('json', [{ op: 'test', path: '/spec/a', value: 2 }]), /operation 1 .*: \/spec\/a is 1/],
    ['a path that is not there', patch('json', [{ op: 'remove', path: '/spec/b' }]), /\/spec\/b is not there/],
    ['a list where an object is needed', patch('merge', []), /a merge patch is an object/],
    ['an operation that there is not', patch('json', [{ op: 'set', path: '/a', value: 1 }]), /set is no operation/],
  ];
  for (const [what, given, expected] of cases) {
    test(what, () => {
      const pod = { spec: { a: 1, containers: [{ name: 'etcd' }] } };
      assert.throws(
        () => applyPatches(pod, [given], target),
        (thrown) => {
          assert.ok(thrown instanceof UsageError);
          assert.match(
            thrown.message,
            /^\/p\/etcd\.yaml: the (strategic|merge|json) patch cannot be applied to etcd: /,
          );
          assert.match(thrown.message, expected);
          return true;
        },
      );
    });
  }
});

describe('a patched manifest', () => {
  const render = async (value: unknown) => renderManifests(await manifestInput({ patches: [patch('merge', value)] }));

  test('drops what no Pod has, with a warning', async () => {
    const [etcd] = await render({ spec: { hostNetworks: true } });
    assert.ok(!etcd?.text.includes('hostNetworks'));
    assert.match(
      etcd?.warnings.map(({ message, hint }) => `${message} ${hint}`).join('\n') ?? '',
      /did you mean hostNetwork\?/,
    );
  });

  test('is refused when it is no valid Pod, before anything is written', async () => {
    await assert.rejects(render({ spec: { containers: [] } }), /together make no valid Pod/);
  });
});
