import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestAttributes } from '../../../src/agent/kubelet-api/request-attributes.ts';

const of = (path: string, method = 'GET') => requestAttributes({ method, path });

test('the narrow subresource is enough where there is one, the wide one always', () => {
  assert.deepEqual(of('/pods'), { verb: 'get', subresources: ['pods', 'proxy'] });
  assert.deepEqual(of('/pods/').subresources, ['pods', 'proxy']);
  assert.deepEqual(of('/runningpods/').subresources, ['pods', 'proxy']);
  assert.deepEqual(of('/healthz/syncloop').subresources, ['healthz', 'proxy']);
  assert.deepEqual(of('/configz').subresources, ['configz', 'proxy']);
});

test('metrics, stats and the node’s logs have one of their own', () => {
  assert.deepEqual(of('/metrics/resource').subresources, ['metrics']);
  assert.deepEqual(of('/stats/summary').subresources, ['stats']);
  assert.deepEqual(of('/logs/x').subresources, ['log']);
});

test('everything else needs the right to the whole API, with the verb of the method', () => {
  assert.deepEqual(of('/exec/a/b/c', 'POST'), { verb: 'create', subresources: ['proxy'] });
  assert.deepEqual(of('/containerLogs/a/b/c').subresources, ['proxy']);
  assert.deepEqual(of('/podsandmore').subresources, ['proxy']);
  assert.deepEqual(of('/', 'TRACE'), { verb: '', subresources: ['proxy'] });
});
