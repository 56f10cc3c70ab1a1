import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newNode, nodeStatus } from '../../../src/agent/node/node-object.ts';
import { planReport, statusPatch } from '../../../src/agent/node/plan-report.ts';
import { nodeFacts } from '../../fakes/node-builders.ts';

const stored = newNode(nodeFacts(), 0);
const status = nodeStatus(nodeFacts(), stored.status?.conditions ?? [], 60_000);
const plan = (change: Partial<Parameters<typeof planReport>[0]> = {}) =>
  planReport({ status, stored, sent: { status, atTicks: 0 }, nowTicks: 60_000, everyMs: 300_000, ...change }).because;

test('a status is sent when it is the first, another one, or old; a later heartbeat alone is no reason', () => {
  assert.equal(plan({ sent: undefined }), 'first report');
  assert.equal(plan(), 'nothing changed');
  const later = nodeStatus(nodeFacts(), stored.status?.conditions ?? [], 200_000);
  assert.equal(plan({ status: later }), 'nothing changed');
  assert.equal(plan({ nowTicks: 300_000 }), 'the last report is old');
  assert.equal(plan({ status: nodeStatus(nodeFacts({ ips: ['192.0.2.8'] }), [], 0) }), 'it changed');
});

test('what the node controller has said meanwhile is corrected', () => {
  const unknown = (stored.status?.conditions ?? []).map((condition) => ({ ...condition, status: 'Unknown' as const }));
  assert.equal(plan({ stored: { ...stored, status: { conditions: unknown } } }), 'the API server shows another');
});

test('addresses are replaced as a whole, for they are merged by type', () => {
  const { status: patched } = statusPatch(status) as { readonly status: { readonly addresses: readonly unknown[] } };
  assert.deepEqual(patched.addresses.at(-1), { $patch: 'replace' });
});
