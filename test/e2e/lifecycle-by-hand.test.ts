/** What people and the machine do to files and containers behind the agent's back (M4, A12, A13, L6's sandbox half). */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { idOf, statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';
import { eventually } from './support/command.ts';

const agent = new AcceptanceAgent();
/** Less than the time after which all pods are looked at anyway. */
const soonMs = 30_000;

describeOnEngine(agent, 'behind the agent’s back', cases);

function cases(): void {
  it('a file that is removed and comes back while its pod stops: it runs again, as a restart', async () => {
    const pod = agent.aPod('returns', { terminationGracePeriodSeconds: 60 }).main('main', { termination: 'let go' });
    agent.put(pod);
    const first = await agent.running('returns');
    agent.remove('returns.yaml');
    await agent.until('returns', 'it is being stopped', () => true);
    await eventually('the stop has begun', async () => /stop/i.test((await agent.agentPod('returns'))?.doing ?? ''));
    agent.put(pod);
    agent.put(agent.aPod('returns-after').main('main'));
    await agent.running('returns-after');
    pod.touch('let-go');
    const seen = await agent.restarted('returns', 'main');
    assert.equal(seen.metadata.uid, first.metadata.uid);
    await eventually('its program has begun', () => agent.order(pod).count('main Starting') === 2);
    agent.order(pod).assertOrder('main Started', 'main Exiting', 'main Starting');
    agent.remove('returns.yaml');
    await agent.vanished('returns');
    assert.deepEqual(await agent.inEngine('returns'), []);
  });

  it('a file that comes back after its pod is gone is a pod like the first time', async () => {
    const pod = agent.aPod('anew').main('main');
    agent.put(pod);
    const first = await agent.running('anew');
    agent.remove('anew.yaml');
    await agent.vanished('anew');
    agent.put(pod);
    const seen = await agent.running('anew');
    assert.equal(seen.metadata.uid, first.metadata.uid);
    assert.equal(statusOf(seen, 'main').restartCount, 0);
  });

  it('a file that is removed and restored twenty times fast ends with one running instance', async () => {
    const pod = agent.aPod('flaps').main('main');
    for (let times = 0; times < 20; times++) {
      agent.put(pod);
      await new Promise((resolve) => setTimeout(resolve, 40));
      agent.remove('flaps.yaml');
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    agent.put(pod);
    await eventually(
      'one instance runs',
      async () => {
        const running = await agent.runningInEngine('flaps');
        const seen = await agent.see('flaps');
        const order = agent.order(pod);
        // The program says that it ends before its container does.
        const startedOnce = order.count('main Starting') - order.count('main Exiting') === 1;
        return startedOnce && running.length === 2 && seen?.status?.containerStatuses[0]?.state.running !== undefined;
      },
      60_000,
    );
  });

  it('a killed sandbox is replaced with the next attempt, init containers run again, the UID stays', async () => {
    const pod = agent.aPod('no-sandbox').init('init').sidecar('side').main('main');
    agent.put(pod);
    const first = await agent.running('no-sandbox');
    await agent.kill('no-sandbox', 'POD');
    const seen = await agent.restarted('no-sandbox', 'main', 1, soonMs);
    assert.equal(seen.metadata.uid, first.metadata.uid);
    assert.match((await agent.inEngineAs('no-sandbox', 'POD'))?.name ?? '', /_1$/);
    const order = agent.order(pod);
    order.assertCount('init Starting', 2);
    order.assertOrder('main Starting', 'init Starting', 'init Exiting', 'side Starting', 'main Starting');
  });

  it('a killed sandbox of a pod that is never restarted fails the pod, and no new one is made', async () => {
    agent.put(agent.aPod('never-again', { restartPolicy: 'Never' }).main('main', { exitCode: 7 }));
    await agent.running('never-again');
    await agent.kill('never-again', 'POD');
    await agent.until('never-again', 'failed', ({ status }) => status?.phase === 'Failed', soonMs);
    const running = await agent.runningInEngine('never-again');
    assert.deepEqual(running, []);
  });

  it('a sandbox that is removed behind the agent is replaced', async () => {
    agent.put(agent.aPod('sandbox-removed').main('main'));
    const first = await agent.running('sandbox-removed');
    await agent.engine.remove((await agent.inEngineAs('sandbox-removed', 'POD'))?.id ?? '');
    await agent.until('sandbox-removed', 'another container runs', (found) => {
      const { state } = statusOf(found, 'main');
      return idOf(found, 'main') !== idOf(first, 'main') && state.running !== undefined;
    });
    const running = await agent.runningInEngine('sandbox-removed');
    assert.equal(running.length, 2);
  });

  it('a container that is removed behind the agent comes back and counts as restarted', async () => {
    const pod = agent.aPod('removed').init('init').main('main').main('other');
    agent.put(pod);
    const first = await agent.running('removed');
    await agent.engine.remove(idOf(first, 'main'));
    const seen = await agent.restarted('removed', 'main');
    assert.equal(idOf(seen, 'other'), idOf(first, 'other'));
    agent.order(pod).assertCount('init Starting', 1);
  });

  it('an init container that is removed after it has succeeded is not run again', async () => {
    const pod = agent.aPod('init-removed').init('init').main('main');
    agent.put(pod);
    const first = await agent.running('init-removed');
    await agent.engine.remove(idOf(first, 'init'));
    await agent.kill('init-removed', 'main');
    await agent.restarted('init-removed', 'main');
    agent.order(pod).assertCount('init Starting', 1);
  });

  it('a program that is stopped with SIGSTOP keeps its pod; one that is killed comes back', async () => {
    const pod = agent.aPod('paused').main('main');
    agent.put(pod);
    const first = await agent.running('paused');
    await agent.kill('paused', 'main', 'SIGSTOP');
    agent.put(agent.aPod('paused-after').main('main'));
    await agent.running('paused-after');
    assert.equal(idOf(await agent.see('paused'), 'main'), idOf(first, 'main'));
    await agent.kill('paused', 'main', 'SIGKILL');
    await agent.until('paused', 'it is back', (found) => statusOf(found, 'main').restartCount === 1);
  });

  it('a finished pod is not run again when its dead containers are removed', async () => {
    const pod = agent.aPod('finished', { restartPolicy: 'Never' }).main('main', { delay: 0.2 });
    agent.put(pod);
    const seen = await agent.phase('finished', 'Succeeded');
    await agent.engine.remove(idOf(seen, 'main'));
    agent.put(agent.aPod('finished-after').main('main'));
    await agent.running('finished-after');
    agent.order(pod).assertCount('main Starting', 1);
    assert.equal((await agent.see('finished'))?.status?.phase, 'Succeeded');
  });
}
