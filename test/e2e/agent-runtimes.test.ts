import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { archive } from '../components/locations.ts';
import { bootstrap, eventually, expectCode } from './support/command.ts';
import { type Engine, engineOf, type RuntimeUnderTest, runtimes } from './support/engine.ts';
import { containerOf, isRunning, LoneAgent } from './support/lone-agent.ts';

const pause = 'registry.k8s.io/pause:3.10.2';

function manifest(name: string, grace = 5): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: ${grace}
  containers:
  - name: main
    image: ${pause}
`;
}

async function pidOf(runtime: RuntimeUnderTest, agent: LoneAgent, id: string): Promise<number> {
  if (runtime !== 'process') {
    return eventually('it runs in the engine', async () => {
      const all = await engineOf(runtime).find({ 'kube-bootstrap/owner': agent.owner() });
      return all.find((one) => one.id === id)?.pid;
    });
  }
  const text = readFileSync(join(agent.root, 'var/lib/bootstrap/containers', id, 'pid'), 'utf8');
  return Number(/\d+/.exec(text)?.[0]);
}

async function namesOn(engine: Engine, agent: LoneAgent): Promise<readonly string[]> {
  return (await engine.find({ 'kube-bootstrap/owner': agent.owner() })).map(({ name }) => name).sort();
}

for (const runtime of runtimes(['process', 'docker'])) {
  test(`${runtime}: a static pod appears, comes back, changes and goes`, async (t) => {
    const agent = new LoneAgent(runtime, dirname(archive(pause)));
    t.after(() => agent.destroy());
    await agent.start();

    agent.write('web.yaml', manifest('web'));
    const first = await agent.pod('web-node1');
    assert.match(first.pod.metadata.uid ?? '', /^[0-9a-f]{32}$/);
    assert.equal(containerOf(first).restarts, 0);
    if (runtime !== 'process') {
      const tail = `web-node1_default_${first.pod.metadata.uid}_0`;
      assert.deepEqual(await namesOn(engineOf(runtime), agent), [`k8s_POD_${tail}`, `k8s_main_${tail}`]);
    }

    process.kill(await pidOf(runtime, agent, containerOf(first).id), 'SIGKILL');
    const killed = performance.now();
    const second = await agent.pod('web-node1', (pod) => isRunning(pod) && containerOf(pod).restarts === 1);
    t.diagnostic(`back ${Math.round(performance.now() - killed)} ms after the kill`);
    assert.equal(second.pod.status?.containerStatuses[0]?.lastState.terminated?.exitCode, 137);

    agent.write('web.yaml', manifest('web', 6));
    const third = await agent.pod(
      'web-node1',
      (pod) => isRunning(pod) && pod.pod.metadata.uid !== first.pod.metadata.uid,
    );
    assert.equal(containerOf(third).restarts, 0);

    agent.write('web.yaml', 'kind: Pod\nspec: [');
    await eventually('the file is rejected', async () => (await agent.status()).rejected[0]?.lastGoodRuns);
    assert.equal(containerOf(await agent.pod('web-node1')).id, containerOf(third).id);

    agent.remove('web.yaml');
    await agent.gone('web-node1');
    if (runtime !== 'process') assert.deepEqual(await namesOn(engineOf(runtime), agent), []);
  });

  test(`${runtime}: killing or ending the agent restarts no container`, async (t) => {
    const agent = new LoneAgent(runtime, dirname(archive(pause)));
    t.after(() => agent.destroy());
    await agent.start();
    agent.write('web.yaml', manifest('web'));
    const before = containerOf(await agent.pod('web-node1'));
    const pid = await pidOf(runtime, agent, before.id);

    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await agent.end(signal);
      process.kill(pid, 0);
      await agent.start();
      assert.deepEqual(containerOf(await agent.pod('web-node1')), before);
      assert.equal(await pidOf(runtime, agent, before.id), pid);
    }

    const other = await bootstrap(agent.arguments());
    expectCode(other, 2);
    assert.match(other.stderr, new RegExp(`pid ${agent.pid}`));

    await agent.end('SIGKILL');
    agent.remove('web.yaml');
    await agent.start();
    await agent.gone('web-node1');
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
  });

  test(`${runtime}: two roots with the same pod leave each other alone`, async (t) => {
    const one = new LoneAgent(runtime, dirname(archive(pause)));
    const two = new LoneAgent(runtime, dirname(archive(pause)));
    t.after(() => Promise.all([one.destroy(), two.destroy()]));
    await Promise.all([one.start(), two.start()]);
    one.write('web.yaml', manifest('web'));
    two.write('web.yaml', manifest('web'));
    const [first, second] = await Promise.all([one.pod('web-node1'), two.pod('web-node1')]);
    assert.notEqual(containerOf(first).id, containerOf(second).id);
    one.remove('web.yaml');
    await one.gone('web-node1');
    assert.equal(containerOf(await two.pod('web-node1')).id, containerOf(second).id);
  });
}
