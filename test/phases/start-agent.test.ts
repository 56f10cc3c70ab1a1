import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../../src/base/errors.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { agentConfigurationOf } from '../../src/phases/agent-configuration.ts';
import { planAgent, startAgentPhase } from '../../src/phases/start-agent.ts';
import { aConfig } from '../fakes/builders.ts';
import { aHost, anAgentDoor, anAgentStatus, anInitContext, type TestContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const process = { type: 'process' as const, endpoint: undefined };
const wanted = agentConfigurationOf({ config: aConfig(), paths: pathsOf('/'), runtime: process });

async function run(context: TestContext, forMs = 100): Promise<unknown> {
  const result = (startAgentPhase.run?.(context) ?? Promise.resolve()).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await context.clock.advance(forMs);
  return result;
}

test('starts one where none runs, keeps one that runs as wanted, restarts one that does not', () => {
  assert.equal(planAgent(wanted, { pid: undefined, present: undefined }).do, 'start');
  assert.equal(planAgent(wanted, { pid: 7, present: structuredClone(wanted) }).do, 'keep');
  assert.equal(planAgent(wanted, { pid: 7, present: { ...wanted, nodeName: 'other' } }).do, 'restart');
});

test('makes the manifest directory, configures and starts the agent, and ends when it answers', async () => {
  const calls: string[] = [];
  let started = false;
  const agent = anAgentDoor({
    configure: async () => void calls.push('configure'),
    start: async () => {
      calls.push('start');
      started = true;
      return 'pid 4711';
    },
    status: async () => (started ? anAgentStatus([]) : undefined),
  });
  const memory = new MemoryHost();
  const context = anInitContext({ agent, host: aHost(memory) });
  assert.equal(await run(context), undefined);
  assert.deepEqual(calls, ['configure', 'start']);
  assert.equal((await memory.stat('/etc/kubernetes/manifests'))?.mode, 0o700);
  assert.equal((await memory.stat('/etc/kubernetes'))?.mode, 0o755);
});

test('keeps the agent that runs with the same configuration', async () => {
  const agent = anAgentDoor({
    pid: async () => 7,
    configuration: async () => wanted,
    status: async () => anAgentStatus([]),
    configure: async () => assert.fail('nothing is to be written'),
  });
  const context = anInitContext({ agent });
  assert.equal(await run(context), undefined);
  assert.deepEqual(context.items, [{ item: 'agent', action: 'keep', because: 'runs as pid 7' }]);
});

test('an agent that ends while it starts is an error with its last words', async () => {
  let asked = 0;
  const pid = async () => {
    asked += 1;
    return asked === 2 ? 7 : undefined;
  };
  const lastWords = async () => ({ where: 'journalctl -u bootstrap-agent.service', lines: ['Docker is gone'] });
  const thrown = await run(anInitContext({ agent: anAgentDoor({ pid, lastWords }) }), 1000);
  assert.ok(thrown instanceof OperationError);
  assert.match(thrown.message, /ended while it started/);
  assert.deepEqual(thrown.details, ['the end of journalctl -u bootstrap-agent.service:', '  Docker is gone']);
});

test('an agent that does not answer is given up, not waited for for ever', async () => {
  const thrown = await run(anInitContext({ agent: anAgentDoor({ pid: async () => 7 }) }), 30_000);
  assert.match(String(thrown), /does not answer after/);
});

test('controller-manager and scheduler wait for the API server, unless it answers no stranger', () => {
  assert.deepEqual(wanted.startAfter, [
    {
      pods: ['kube-system/kube-controller-manager', 'kube-system/kube-scheduler'],
      url: 'https://192.0.2.10:6443/livez',
      caFile: '/etc/kubernetes/pki/ca.crt',
    },
  ]);
  const extraArgs = [{ name: 'anonymous-auth', value: 'false' }];
  const config = aConfig((base) => ({
    ...base,
    cluster: { ...base.cluster, apiServer: { ...base.cluster.apiServer, extraArgs } },
  }));
  assert.equal(agentConfigurationOf({ config, paths: pathsOf('/'), runtime: process }).startAfter, undefined);
});

test('what a KubeletConfiguration says of the agent goes into its configuration', () => {
  const config = aConfig((base) => ({ ...base, kubelet: { fileCheckFrequency: '5s', maxPods: 10 } }));
  const made = agentConfigurationOf({ config, paths: pathsOf('/'), runtime: process });
  assert.equal(made.fileCheckFrequency, '5s');
  assert.equal('maxPods' in made, false);
});
