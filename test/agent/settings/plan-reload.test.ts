import assert from 'node:assert/strict';
import test from 'node:test';
import { planReload } from '../../../src/agent/settings/plan-reload.ts';
import { type AgentSettings, defaultSettings } from '../../../src/agent/settings/settings.ts';

const before: AgentSettings = { ...defaultSettings, nodeName: 'node1', nodeIPs: ['127.0.0.1'] };

test('the same configuration changes nothing', () => {
  const { changed, needRestart } = planReload(before, { ...before });
  assert.deepEqual([changed, needRestart], [[], []]);
});

test('what can change while the agent runs does', () => {
  const wanted = { ...before, staticPodPath: '/other', maxContainerRestartPeriodMs: 1000 };
  const plan = planReload(before, wanted);
  assert.deepEqual(plan.changed, ['staticPodPath', 'maxContainerRestartPeriodMs']);
  assert.deepEqual(plan.settings, wanted);
});

test('what would make every pod another one waits for a restart of the agent', () => {
  const runtime = { type: 'process', endpoint: undefined } as const;
  const plan = planReload(before, { ...before, nodeName: 'other', runtime, readOnlyPort: 10_255 });
  assert.deepEqual(plan.needRestart, ['nodeName', 'runtime']);
  assert.deepEqual(plan.changed, ['readOnlyPort']);
  assert.equal(plan.settings.nodeName, 'node1');
  assert.deepEqual(plan.settings.runtime, before.runtime);
});
