import assert from 'node:assert/strict';
import { test } from 'node:test';
import { componentState } from '../../src/health/component-state.ts';
import { failureOf } from '../../src/health/explain-failure.ts';
import type { HealthContext } from '../../src/health/health-context.ts';
import type { AgentPod } from '../../src/kube/agent-socket.ts';
import { aComponentPod, anAgentStatus } from '../fakes/init-context.ts';

const component = 'kube-scheduler';

async function whatOf(exit: { readonly exitCode: number; readonly reason: string }, memory?: string) {
  const terminated = { ...exit, startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:01Z' };
  const found = aComponentPod(component, { ready: false, restartCount: 1, state: { terminated } });
  const containers = found.pod.spec.containers.map((container) => ({
    ...container,
    resources: memory === undefined ? {} : { limits: { memory } },
  }));
  const pod: AgentPod = { ...found, pod: { ...found.pod, spec: { ...found.pod.spec, containers } } };
  const context = { lastLogLines: async () => [], clock: { now: () => 0 } } as unknown as HealthContext;
  const state = componentState(anAgentStatus([pod]), component);
  return (await failureOf(context, component, { state, sinceMs: 0, forgiven: 0 }))?.what;
}

test('a kill for memory is called so, with the limit', async () => {
  assert.match((await whatOf({ exitCode: 137, reason: 'OOMKilled' }, '12Mi')) ?? '', /OOMKilled: limit 12Mi/);
  assert.match((await whatOf({ exitCode: 137, reason: 'OOMKilled' })) ?? '', /OOMKilled: out of memory/);
});

test('a kill that the engine has not explained yet names the memory limit, where there is one', async () => {
  assert.match((await whatOf({ exitCode: 137, reason: 'Error' }, '12Mi')) ?? '', /killed; its memory limit is 12Mi/);
  assert.doesNotMatch((await whatOf({ exitCode: 137, reason: 'Error' })) ?? '', /memory/);
  assert.doesNotMatch((await whatOf({ exitCode: 1, reason: 'Error' }, '12Mi')) ?? '', /memory/);
});
