import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planAgentSettings } from '../../../src/cli/rollout/agent-settings.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { parseYaml } from '../../../src/kube/yaml.ts';
import { agentConfigurationOf } from '../../../src/phases/agent-configuration.ts';
import { aConfig } from '../../fakes/builders.ts';

const paths = pathsOf('/');
const runtime = { type: 'docker' as const, endpoint: undefined };
const written = agentConfigurationOf({ config: aConfig(), paths, runtime });

test('settings that are as the configuration asks for are left alone', () => {
  const input = { present: written, config: aConfig(), paths, sameInput: true };
  assert.equal(planAgentSettings(input), undefined);
  assert.equal(planAgentSettings({ ...input, present: undefined }), undefined);
});

test('a field that the configuration says differently is named, and the runtime stays', () => {
  const config = { ...aConfig(), kubelet: { containerLogMaxFiles: 3 } } as ReturnType<typeof aConfig>;
  const planned = planAgentSettings({ present: written, config, paths, sameInput: false });
  assert.equal(planned?.change.name, '/var/lib/bootstrap/agent.yaml');
  assert.equal(planned?.change.because, 'containerLogMaxFiles 3 added; the agent starts again for that, pods stay');
  assert.equal(planned?.change.cause, 'configuration');
  const { value } = parseYaml(planned?.file.data ?? '', '').documents[0] ?? {};
  assert.deepEqual(value, { ...written, containerLogMaxFiles: 3 });
});

test('a move gives it the other runtime', () => {
  const to = { type: 'cri' as const, endpoint: 'unix:///c.sock' };
  const move = { from: { type: 'docker' as const }, to, pods: [] };
  const planned = planAgentSettings({ present: written, config: aConfig(), paths, sameInput: false, move });
  assert.match(planned?.change.because ?? '', /runtime\.type docker → cri; .*, pods move one by one$/);
  const { value } = parseYaml(planned?.file.data ?? '', '').documents[0] ?? {};
  assert.deepEqual(value, { ...written, runtime: to });
});

test('what somebody wrote into it by hand is put back, and called so', () => {
  const present = { ...written, healthzPort: 1 };
  const planned = planAgentSettings({ present, config: aConfig(), paths, sameInput: true });
  assert.equal(planned?.change.cause, 'hand edit');
  assert.match(planned?.change.because ?? '', /^healthzPort 1 → \d+;/);
});
