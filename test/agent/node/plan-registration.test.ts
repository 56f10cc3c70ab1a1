import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newNode } from '../../../src/agent/node/node-object.ts';
import { planRegistration } from '../../../src/agent/node/plan-registration.ts';
import type { Node } from '../../../src/kube/node-types.ts';
import { foreignNode, nodeFacts } from '../../fakes/node-builders.ts';

function plan(
  existing: Node | undefined,
  change: { readonly silentMs?: number; readonly registerNode?: boolean } = {},
) {
  const { silentMs = 0, registerNode = true } = change;
  return planRegistration({ existing, facts: nodeFacts(), registerNode, silentMs });
}

const own = newNode(nodeFacts(), 0);

test('a Node that is not there is made, unless that is forbidden', () => {
  assert.equal(plan(undefined).do, 'create');
  assert.equal(plan(undefined, { registerNode: false }).do, 'wait');
});

test('our own is kept, also by a machine whose UUID is written in other letters', () => {
  assert.equal(plan(own).do, 'keep');
  const nodeInfo = { ...own.status?.nodeInfo, systemUUID: 'uuid-1' } as NonNullable<Node['status']>['nodeInfo'];
  assert.equal(plan({ ...own, status: { ...own.status, ...(nodeInfo && { nodeInfo }) } }).do, 'keep');
});

test('one that says nothing of its machine is ours: kubectl has made it', () => {
  assert.equal(plan({ ...own, status: {} }).do, 'keep');
});

test('one of another machine is waited for until its Lease has been silent for 40 s', () => {
  assert.equal(plan(foreignNode(), { silentMs: 39_000 }).do, 'wait');
  assert.equal(plan(foreignNode(), { silentMs: 40_000 }).do, 'patch');
});

test('one that is being deleted is left alone', () => {
  const metadata = { ...own.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  assert.match(plan({ ...own, metadata }).because, /is being deleted/);
});

test('labels that somebody has changed are set again, but not where registering is off', () => {
  const changed = { ...own, metadata: { ...own.metadata, labels: { 'kubernetes.io/os': 'plan9' } } };
  assert.equal(plan(changed).do, 'patch');
  assert.equal(plan(changed, { registerNode: false }).do, 'keep');
});
