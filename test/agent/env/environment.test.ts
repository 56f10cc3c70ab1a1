import assert from 'node:assert/strict';
import test from 'node:test';
import { containerEnvironment } from '../../../src/agent/env/environment.ts';
import { expandVariables } from '../../../src/agent/env/expand.ts';
import type { EnvVar } from '../../../src/kube/types.ts';
import { aContainer, aPod } from '../../fakes/agent-builders.ts';

function environment(env: readonly EnvVar[], limits: Readonly<Record<string, string>> = {}) {
  const container = aContainer({ env, resources: { limits } });
  const variables = containerEnvironment({
    pod: aPod({}, { labels: { app: 'web' }, annotations: { note: 'x' } }),
    container,
    addresses: { hostIPs: ['192.0.2.10'], podIPs: ['192.0.2.10', '2001:db8::1'] },
    node: { cpuCount: 2, memoryBytes: 4 * 2 ** 30 },
    fileValues: new Map(),
  });
  return Object.fromEntries(variables);
}

const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

test('$(NAME) takes what is known, leaves what is not, and $$ escapes', () => {
  const known = new Map([['A', '1']]);
  assert.equal(expandVariables('$(A) $(B) $$(A) $A $( $(', known), '1 $(B) $(A) $A $( $(');
});

test('later variables see the earlier ones, and win', () => {
  const env = environment([
    { name: 'A', value: '1' },
    { name: 'B', value: '$(A)$(C)' },
    { name: 'C', value: '3' },
    { name: 'A', value: '2' },
  ]);
  assert.deepEqual(env, { A: '2', B: '1$(C)', C: '3' });
});

test('fields of the pod and its addresses', () => {
  const env = environment([
    field('NAME', 'metadata.name'),
    field('LABEL', "metadata.labels['app']"),
    field('NODE', 'spec.nodeName'),
    field('IPS', 'status.podIPs'),
    field('HOST', 'status.hostIP'),
  ]);
  assert.deepEqual(env, {
    NAME: 'web-node1',
    LABEL: 'web',
    NODE: 'node1',
    IPS: '192.0.2.10,2001:db8::1',
    HOST: '192.0.2.10',
  });
});

test('resources in units of the divisor, rounded up; the node’s where there is no limit', () => {
  const resource = (name: string, ref: string, divisor?: string): EnvVar => ({
    name,
    valueFrom: { resourceFieldRef: { resource: ref, ...(divisor === undefined ? {} : { divisor }) } },
  });
  const env = environment(
    [resource('CPU', 'limits.cpu'), resource('MILLI', 'limits.cpu', '1m'), resource('MEMORY', 'limits.memory', '1Mi')],
    { cpu: '1500m' },
  );
  assert.deepEqual(env, { CPU: '2', MILLI: '1500', MEMORY: '4096' });
});

test('a reference that leads nowhere is an error that names it', () => {
  assert.throws(() => environment([field('X', 'spec.secret')]), /there is no field spec.secret/);
});
