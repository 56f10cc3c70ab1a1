/** One agent killed and started again, with all that may happen between (M8, groups L6, L7, L9; static_pod_test.go, unknown_pods_test.go; A8, A10). */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Pod } from '../../src/kube/types.ts';
import { AcceptanceAgent } from './support/acceptance.ts';
import type { AcceptancePod } from './support/acceptance-pod.ts';
import { idOf, isReady, lookOf, statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';
import { eventually } from './support/command.ts';

const agent = new AcceptanceAgent();
const asBefore = new Map<string, Pod>();
const changes: string[] = [];

const steady = agent.aPod('steady', { terminationGracePeriodSeconds: 2 });
const probes = {
  startupProbe: steady.probe('main.started', { failureThreshold: 60 }),
  readinessProbe: steady.probe('main.started'),
};
steady.init('init').sidecar('side', {}, { startupProbe: steady.probe('side.started', { failureThreshold: 60 }) });
steady.main('main', {}, probes).main('other', {}, { readinessProbe: probes.readinessProbe }).main('plain');
const unready = agent.aPod('unready');
unready.main('main', {}, { readinessProbe: unready.probe('sick', {}), startupProbe: unready.probe('main.started') });
const initDone = agent.aPod('init-done').init('init').main('main');
const midInit = agent.aPod('mid-init').init('first').main('main');
midInit.init('second', { script: `until [ -e ${midInit.directory}/go ]; do sleep 0.1; done` });
const lostSidecar = agent.aPod('lost-sidecar').sidecar('side').main('main');
const orphan = agent.aPod('orphan', { terminationGracePeriodSeconds: 20 }).main('main', { termination: 3 });
const changed = agent.aPod('changed', { terminationGracePeriodSeconds: 20 }).main('main', { termination: 3 });
const crashing = agent.aPod('crashing').main('main', { exitCode: 1, delay: 0 });
const dead = agent.aPod('dead').main('main');
const rebooted = agent.aPod('rebooted').init('init').sidecar('side').main('main');
const changedReboot = agent.aPod('changed-reboot').init('init').main('main', { script: 'say old' });
const finished = agent.aPod('finished', { restartPolicy: 'Never' }).main('main', { delay: 0 });
const stopping = agent.aPod('stopping', { terminationGracePeriodSeconds: 30 }).main('main', { termination: 5 });
const leftAlone = [steady, unready, initDone, midInit, lostSidecar, crashing, dead, finished];
const all = [...leftAlone, orphan, changed, rebooted, changedReboot, stopping];

/** What has to be true of each before the agent is killed. */
async function settled({ name }: AcceptancePod): Promise<Pod> {
  if (name === 'finished') return agent.phase(name, 'Succeeded');
  if (name === 'steady') return agent.until(name, 'ready', isReady);
  if (name === 'mid-init')
    return agent.until(name, 'second runs', (pod) => statusOf(pod, 'second').state.running !== undefined);
  if (name === 'crashing')
    return agent.until(name, 'backs off', (pod) => statusOf(pod, 'main').state.waiting?.reason === 'CrashLoopBackOff');
  return agent.running(name);
}

async function killAll(name: string): Promise<void> {
  for (const { container } of await agent.runningInEngine(name)) await agent.kill(name, container);
  await eventually(`${name} is dead`, async () =>
    (await agent.inEngine(name)).every(({ state }) => state === 'exited'),
  );
}

async function whileTheAgentIsDown(): Promise<void> {
  const id = (name: string, container: string) => idOf(asBefore.get(name), container);
  const gone = [id('init-done', 'init'), id('mid-init', 'first'), id('finished', 'main'), id('lost-sidecar', 'side')];
  for (const one of gone) await agent.engine.remove(one);
  agent.remove('orphan.yaml');
  agent.put(agent.aPod('changed').main('main', { script: 'say new' }));
  await agent.kill('dead', 'main');
  await Promise.all([killAll('rebooted'), killAll('changed-reboot')]);
  agent.put(agent.aPod('changed-reboot').init('init').main('main', { script: 'say new' }));
}

async function killAndStart(): Promise<void> {
  await agent.begin();
  for (const pod of all) agent.put(pod);
  for (const pod of all) asBefore.set(pod.name, await settled(pod));
  agent.remove('stopping.yaml');
  await eventually('its stop has begun', async () => /stop/i.test((await agent.agentPod('stopping'))?.doing ?? ''));
  await agent.end('SIGKILL');
  await whileTheAgentIsDown();
  await agent.start();
  for (let looks = 0; looks < 30; looks++) {
    const seen = await agent.see('steady');
    changes.push(['main', 'other', 'plain', 'side'].map((name) => JSON.stringify(lookOf(seen, name))).join(' '));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describeOnEngine(agent, 'an agent that is killed and started again', cases, { begin: killAndStart });

function cases(): void {
  it('restarts nothing, and no container stops being started or ready, not for a moment', async () => {
    const wanted = ['main', 'other', 'plain', 'side'].map((name) =>
      JSON.stringify(lookOf(asBefore.get('steady'), name)),
    );
    assert.deepEqual([...new Set(changes)], [wanted.join(' ')]);
    const seen = await agent.see('steady');
    assert.equal(seen?.metadata.uid, asBefore.get('steady')?.metadata.uid);
    assert.equal(seen?.status?.startTime, asBefore.get('steady')?.status?.startTime);
    assert.ok(seen && isReady(seen));
    for (const name of ['init', 'side', 'main', 'other', 'plain'])
      agent.order(steady).assertCount(`${name} Starting`, 1);
  });

  it('keeps a pod that was not ready as it was', async () => {
    const seen = await agent.running('unready');
    assert.deepEqual(lookOf(seen, 'main'), {
      id: idOf(asBefore.get('unready'), 'main'),
      ready: false,
      started: true,
      restartCount: 0,
    });
    unready.touch('sick');
    await agent.until('unready', 'ready after all', isReady);
  });

  it('does not run a finished init container again whose record is gone, and says what is known of it', async () => {
    const seen = await agent.running('init-done');
    agent.order(initDone).assertCount('init Starting', 1);
    assert.equal(idOf(seen, 'main'), idOf(asBefore.get('init-done'), 'main'));
    const { state } = statusOf(seen, 'init');
    assert.deepEqual([state.terminated?.reason, state.terminated?.exitCode], ['Completed', 0]);
    assert.match(state.terminated?.message ?? '', /Unable to get init container status/);
  });

  it('goes on with the init container that was running, not with those before it', async () => {
    midInit.touch('go');
    await agent.running('mid-init');
    const order = agent.order(midInit);
    order.assertOrder('first Exiting', 'second Starting', 'second Exiting', 'main Starting');
    for (const name of ['first', 'second', 'main']) order.assertCount(`${name} Starting`, 1);
  });

  it('starts a sidecar again that was removed meanwhile, and leaves the main container', async () => {
    const seen = await agent.until(
      'lost-sidecar',
      'the sidecar is back',
      (pod) =>
        statusOf(pod, 'side').state.running !== undefined &&
        idOf(pod, 'side') !== idOf(asBefore.get('lost-sidecar'), 'side'),
    );
    assert.equal(idOf(seen, 'main'), idOf(asBefore.get('lost-sidecar'), 'main'));
    assert.ok(isReady(seen));
  });

  it('stops a pod whose manifest went meanwhile, with its own grace period', async () => {
    await agent.vanished('orphan');
    agent.order(orphan).assertOrder('main Started', 'main Exiting');
    assert.deepEqual(await agent.inEngine('orphan'), []);
  });

  it('gives the old pod its grace period when the manifest changed meanwhile, and never runs two', async () => {
    await eventually('the new one runs', () => agent.order(changed).count('main new') === 1, 60_000);
    const order = agent.order(changed);
    order.assertOrder('main Started', 'main Exiting', 'main Starting', 'main new');
    order.assertCount('main Starting', 2);
  });

  it('goes on with a pod’s stop, which ends in its grace period', async () => {
    await agent.vanished('stopping');
    agent.order(stopping).assertCount('main Exiting', 1);
    assert.deepEqual(await agent.inEngine('stopping'), []);
  });

  it('keeps the back-off of a crash loop', async () => {
    await agent.until('crashing', 'the second restart', (pod) => statusOf(pod, 'main').restartCount >= 2);
    await eventually('its program has begun', () => agent.order(crashing).count('main Starting') >= 3);
    const [, second = 0, third = 0] = agent.order(crashing).times('main Starting');
    assert.ok(third - second > 9900, `${third - second} ms`);
  });

  it('starts a container again that died meanwhile', async () => {
    const seen = await agent.running('dead');
    assert.equal(statusOf(seen, 'main').restartCount, 1);
    assert.equal(statusOf(seen, 'main').lastState.terminated?.exitCode, 137);
  });

  it('after a reboot runs init containers first, then sidecars, then main containers, in a new sandbox', async () => {
    const seen = await agent.restarted('rebooted', 'main');
    assert.equal(seen.metadata.uid, asBefore.get('rebooted')?.metadata.uid);
    const order = agent.order(rebooted);
    order.assertOrder('main Starting', 'init Starting', 'init Exiting', 'side Starting', 'main Starting');
    for (const name of ['init', 'side', 'main']) order.assertCount(`${name} Starting`, 2);
  });

  it('after a reboot with a changed manifest runs the new pod only', async () => {
    await eventually('the new one runs', () => agent.order(changedReboot).count('main new') === 1, 60_000);
    agent.order(changedReboot).assertCount('main old', 1);
    agent.order(changedReboot).assertOrder('main old', 'init Starting', 'main new');
  });

  it('does not run a finished pod again, even when its containers are gone', async () => {
    assert.equal((await agent.see('finished'))?.status?.phase, 'Succeeded');
    agent.order(finished).assertCount('main Starting', 1);
  });
}
