import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DescribedPair, planCredentials, rotationTime } from '../../../src/agent/credentials/plan-credentials.ts';

const dayMs = 24 * 3_600_000;
const nowMs = Date.UTC(2026, 0, 1);
const access = { server: 'https://x', ca: 'CA' };

function pair(name: string, { from = -30, to = 335 }: { readonly from?: number; readonly to?: number } = {}) {
  const facts = {
    commonName: 'system:node:node1',
    fingerprint: name,
    notBeforeMs: nowMs + from * dayMs,
    notAfterMs: nowMs + to * dayMs,
  };
  return { pair: { certificate: name, key: `key of ${name}` }, facts };
}

function plan(embedded: DescribedPair | undefined, rotated: DescribedPair | undefined, origin?: string) {
  return planCredentials({ access, embedded, rotated, origin, nowMs });
}

test('a rotated certificate goes before that of the kubeconfig which it goes back to', () => {
  const { access: used, from } = plan(pair('A'), pair('B'), 'A');
  assert.deepEqual([used.clientCertificate, used.clientKey, from], ['B', 'key of B', 'rotated']);
});

test('a new kubeconfig goes before what was rotated for the former one', () => {
  const { access: used, from } = plan(pair('C', { to: 100 }), pair('B'), 'A');
  assert.deepEqual([used.clientCertificate, from], ['C', 'kubeconfig']);
});

test('of one that a kubelet has rotated nobody knows where it comes from: the one that holds longer', () => {
  assert.equal(plan(pair('A', { to: 100 }), pair('B', { to: 200 })).from, 'rotated');
  assert.equal(plan(pair('A', { to: 300 }), pair('B', { to: 200 })).from, 'kubeconfig');
});

test('one that has expired is not used while the other holds', () => {
  const { access: used, problem } = plan(pair('A'), pair('B', { to: -1 }), 'A');
  assert.deepEqual([used.clientCertificate, problem], ['A', undefined]);
});

test('expired, or not yet valid by this clock: said, and tried all the same, for the server’s clock decides', () => {
  const expired = plan(pair('A', { to: -1 }), undefined);
  assert.equal(expired.problem, 'its client certificate has expired on 2025-12-31T00:00:00.000Z');
  assert.equal(expired.access.clientCertificate, 'A');
  const early = plan(pair('A', { from: 1 }), undefined);
  assert.equal(
    early.problem,
    "its client certificate is not valid before 2026-01-02T00:00:00.000Z, and this machine's clock says 2026-01-01T00:00:00.000Z",
  );
});

test('a kubeconfig that names the rotated file is that very certificate', () => {
  assert.equal(plan(pair('A'), pair('A'), 'X').from, 'rotated');
});

test('a token needs no certificate; neither is a problem', () => {
  const token = planCredentials({
    access: { ...access, token: 't' },
    embedded: undefined,
    rotated: undefined,
    origin: undefined,
    nowMs,
  });
  assert.deepEqual([token.access.token, token.problem], ['t', undefined]);
  assert.equal(plan(undefined, undefined).problem, 'holds neither a client certificate with its key nor a token');
});

test('a certificate is renewed after 70 to 90 % of its life', () => {
  const { facts } = pair('A', { from: 0, to: 100 });
  const days = (random: number) => Math.round((rotationTime(facts, () => random) - nowMs) / dayMs);
  assert.deepEqual([days(0), days(0.5), days(1)], [70, 80, 90]);
});
