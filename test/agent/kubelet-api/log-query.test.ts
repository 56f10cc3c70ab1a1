import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeLogQuery } from '../../../src/agent/kubelet-api/log-query.ts';

const nowMs = Date.UTC(2026, 0, 1);
const decode = (text: string) => decodeLogQuery(new URLSearchParams(text), nowMs);
const plain = { follow: false, previous: false, timestamps: false };

test('asks for everything there is, when nothing is said', () => {
  assert.deepEqual(decode(''), plain);
  assert.deepEqual(decode('follow=false&previous=0&tail=all&stream=All'), plain);
});

test('takes what the API server passes on', () => {
  assert.deepEqual(decode('follow=true&timestamps&tailLines=5&limitBytes=100'), {
    ...plain,
    follow: true,
    timestamps: true,
    tailLines: 5,
    limitBytes: 100,
  });
  assert.deepEqual(decode('sinceSeconds=60'), { ...plain, sinceMs: nowMs - 60_000 });
  assert.deepEqual(decode('sinceTime=2026-01-01T01:00:00%2B01:00'), { ...plain, sinceMs: nowMs });
});

test('says what is no number or time, what contradicts itself, and what is not served', () => {
  for (const text of ['tailLines=x', 'sinceTime=yesterday', 'limitBytes=1.5']) {
    assert.deepEqual(decode(text), { status: 400, problem: '{"message": "Unable to decode query."}' });
  }
  for (const text of [
    'tailLines=-1',
    'limitBytes=0',
    'sinceSeconds=0',
    'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
  ]) {
    assert.deepEqual(decode(text), { status: 422, problem: '{"message": "Invalid request."}' });
  }
  assert.deepEqual(decode('stream=Stderr'), {
    status: 400,
    problem: 'unable to return the given log stream: "Stderr"',
  });
});
