import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffConfigurations } from '../../../src/rollout/plan/configuration-differences.ts';

const before = `kind: ClusterConfiguration
apiServer:
  certSANs: [a.example, b.example]
  extraArgs:
  - name: v
    value: "2"
  - name: api-token
    value: hunter2
  extraEnvs:
  - name: DB_PASSWORD
    value: hunter2
networking:
  dnsDomain: cluster.local
---
kind: BootstrapConfiguration
rollout:
  keepRevisions: 10
`;

test('fields are compared by their path, items of a list by their name', () => {
  const after = before
    .replace('"2"', '"4"')
    .replace(', b.example', ', c.example')
    .replace('keepRevisions: 10', 'keepRevisions: 5');
  assert.deepEqual(diffConfigurations(before, after), [
    { what: 'field', name: 'BootstrapConfiguration rollout.keepRevisions', from: '10', to: '5' },
    { what: 'field', name: 'ClusterConfiguration apiServer.certSANs.b.example', from: 'b.example' },
    { what: 'field', name: 'ClusterConfiguration apiServer.certSANs.c.example', to: 'c.example' },
    { what: 'field', name: 'ClusterConfiguration apiServer.extraArgs.v.value', from: '2', to: '4' },
  ]);
  assert.deepEqual(diffConfigurations(before, before), []);
});

test('order and formatting are no difference, a second item of the same name is', () => {
  const reordered = before
    .split('---\n')
    .toReversed()
    .join('---\n')
    .replace('[a.example, b.example]', '[b.example, a.example]');
  assert.deepEqual(diffConfigurations(before, reordered), []);
  const twice = before.replace(
    '  - name: v\n    value: "2"\n',
    '  - name: v\n    value: "2"\n  - name: v\n    value: "3"\n',
  );
  assert.deepEqual(diffConfigurations(before, twice), [
    { what: 'field', name: 'ClusterConfiguration apiServer.extraArgs.v#2.value', to: '3' },
  ]);
});

test('secrets are not shown, only that they changed', () => {
  const differences = diffConfigurations(before, before.replaceAll('hunter2', 'hunter3'));
  assert.equal(differences.length, 2);
  assert.doesNotMatch(JSON.stringify(differences), /hunter/);
});
