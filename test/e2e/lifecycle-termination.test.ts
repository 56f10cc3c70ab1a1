/** How pods end: grace, preStop, deadlines, exit codes (groups L4, L8, G1, G2; pods_lifecycle_termination_test.go). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';
import { eventually } from './support/command.ts';

const agent = new AcceptanceAgent();
const uptimeMs = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;

describeOnEngine(agent, 'the end of a pod', cases);

function cases(): void {
  it('keeps a removed pod for as long as it needs within its grace period, with the same UID, and then it is gone', async () => {
    const pod = agent.aPod('graceful', { terminationGracePeriodSeconds: 20 }).main('main', { termination: 5 });
    agent.put(pod);
    const { metadata } = await agent.running('graceful');
    const removedMs = uptimeMs();
    agent.remove('graceful.yaml');
    while (uptimeMs() - removedMs < 4000) {
      const seen = await agent.see('graceful');
      assert.equal(seen?.metadata.uid, metadata.uid);
      assert.equal(seen?.status?.phase, 'Running');
      assert.equal((await agent.runningInEngine('graceful')).length, 2);
    }
    await agent.vanished('graceful');
    agent.order(pod).assertCount('main Exiting', 1);
    assert.ok(agent.order(pod).at('main Exiting') - removedMs < 9000);
    assert.deepEqual(await agent.inEngine('graceful'), []);
  });

  it('kills what outlives the grace period', async () => {
    const pod = agent.aPod('deaf', { terminationGracePeriodSeconds: 3 }).main('main', { deaf: true });
    agent.put(pod);
    await agent.running('deaf');
    const removedMs = uptimeMs();
    agent.remove('deaf.yaml');
    await agent.vanished('deaf');
    const tookMs = uptimeMs() - removedMs;
    assert.ok(tookMs > 2900 && tookMs < 12_000, `${tookMs} ms`);
  });

  it('takes the time of a long preStop hook off the grace period', async () => {
    const pod = agent.aPod('long-hook', { terminationGracePeriodSeconds: 3 });
    const preStop = { exec: { command: pod.hook('PreStop', 'sleep 30') } };
    pod.main('main', { deaf: true }, { lifecycle: { preStop } });
    agent.put(pod);
    await agent.running('long-hook');
    const removedMs = uptimeMs();
    agent.remove('long-hook.yaml');
    await agent.vanished('long-hook');
    const tookMs = uptimeMs() - removedMs;
    // The grace period, and the two seconds that every stop signal gets.
    assert.ok(tookMs > 4500 && tookMs < 25_000, `${tookMs} ms`);
    agent.order(pod).assertCount('PreStop Starting', 1);
    agent.order(pod).assertNever('PreStop Exiting');
  });

  it('sends the stop signal after preStop has ended', async () => {
    const pod = agent.aPod('hook-first', { terminationGracePeriodSeconds: 10 });
    pod.main('main', {}, { lifecycle: { preStop: { exec: { command: pod.hook('PreStop', 'sleep 1') } } } });
    agent.put(pod);
    await agent.running('hook-first');
    agent.remove('hook-first.yaml');
    await agent.vanished('hook-first');
    agent.order(pod).assertOrder('PreStop Starting', 'PreStop Exiting', 'main Exiting');
  });

  for (const kind of ['startupProbe', 'livenessProbe'] as const) {
    it(`calls preStop and heeds the probe's own grace period when a ${kind} fails`, async () => {
      const name = `${kind.slice(0, 4)}-fails`;
      const pod = agent.aPod(name, { terminationGracePeriodSeconds: 500 });
      const preStop = { exec: { command: pod.hook('PreStop') } };
      const probe = pod.probe('never', { terminationGracePeriodSeconds: 2 });
      pod.main('main', { deaf: true }, { lifecycle: { preStop }, [kind]: probe });
      agent.put(pod);
      const seen = await agent.until(name, 'a restart', (found) => statusOf(found, 'main').restartCount >= 1);
      const order = agent.order(pod);
      order.assertOrder('main Started', 'PreStop Starting', 'PreStop Exiting', 'main Starting');
      assert.ok(order.between('PreStop Exiting', 'main Starting') < 12_000, order.text());
      assert.equal(statusOf(seen, 'main').lastState.terminated?.exitCode, 137);
      // It would take the pod's whole grace period.
      agent.remove(`${name}.yaml`);
      await eventually('it is gone', async () => {
        await agent.kill(name, 'main');
        return (await agent.see(name)) === undefined;
      });
    });
  }

  it('stops main containers at once, then sidecars in reverse order, within one grace period', async () => {
    const pod = agent
      .aPod('reverse', { terminationGracePeriodSeconds: 15 })
      .sidecar('side-1', { termination: 0.5 })
      .sidecar('side-2', { termination: 0.5 })
      .sidecar('side-3', { termination: 0.5 })
      .main('main-1', { termination: 1 })
      .main('main-2', { termination: 1 });
    agent.put(pod);
    await agent.running('reverse');
    agent.remove('reverse.yaml');
    await agent.vanished('reverse');
    const order = agent.order(pod);
    for (const main of ['main-1', 'main-2']) {
      order.assertOrder(`${main} Exiting`, 'side-3 Exiting', 'side-2 Exiting', 'side-1 Exiting');
    }
    assert.ok(Math.abs(order.between('main-1 Exiting', 'main-2 Exiting')) < 900, order.text());
  });

  it('calls the preStop hooks of sidecars at once with those of main containers', async () => {
    const pod = agent.aPod('hooks', { terminationGracePeriodSeconds: 20 });
    const hook = (of: string) => ({
      lifecycle: { preStop: { exec: { command: pod.hook(`PreStop-${of}`, 'sleep 1') } } },
    });
    for (const name of ['side-1', 'side-2', 'side-3']) pod.sidecar(name, {}, hook(name));
    pod.main('main', { termination: 2 }, hook('main'));
    agent.put(pod);
    await agent.running('hooks');
    agent.remove('hooks.yaml');
    await agent.vanished('hooks');
    const order = agent.order(pod);
    for (const name of ['side-1', 'side-2', 'side-3']) {
      assert.ok(Math.abs(order.between('PreStop-main Starting', `PreStop-${name} Starting`)) < 2000, order.text());
    }
    order.assertOrder('main Exiting', 'side-3 Exiting', 'side-2 Exiting', 'side-1 Exiting');
  });

  it('stops all sidecars at the deadline when their preStop hooks never end', async () => {
    const pod = agent.aPod('stuck-hooks', { restartPolicy: 'Never', terminationGracePeriodSeconds: 3 });
    const preStop = { exec: { command: pod.hook('PreStop', 'while :; do sleep 1; done') } };
    for (const name of ['side-1', 'side-2', 'side-3']) pod.sidecar(name, { deaf: true }, { lifecycle: { preStop } });
    pod.main('main', { delay: 1 });
    agent.put(pod);
    const seen = await agent.phase('stuck-hooks', 'Succeeded');
    const ends = ['side-1', 'side-2', 'side-3'].map((name) => {
      const ended = statusOf(seen, name).state.terminated;
      assert.equal(ended?.exitCode, 137);
      assert.equal(ended?.reason, 'Error');
      return Date.parse(ended?.finishedAt ?? '');
    });
    assert.ok(Math.max(...ends) - Math.min(...ends) <= 2000, `not together: ${ends}`);
    const mainEnded = Date.parse(statusOf(seen, 'main').state.terminated?.finishedAt ?? '');
    assert.ok(Math.max(...ends) - mainEnded < 12_000, 'three grace periods instead of one');
  });

  it('does not wait for sidecars that have not started when a pod goes during its initialization', async () => {
    const pod = agent.aPod('mid-init', { terminationGracePeriodSeconds: 60 }).init('init', { delay: 'forever' });
    pod.sidecar('side-1').sidecar('side-2').main('main');
    agent.put(pod);
    await agent.until('mid-init', 'init runs', (found) => statusOf(found, 'init').state.running !== undefined);
    await eventually('init has set its trap', () => agent.order(pod).count('init Started') === 1);
    const removedMs = uptimeMs();
    agent.remove('mid-init.yaml');
    await agent.vanished('mid-init');
    assert.ok(uptimeMs() - removedMs < 10_000);
    agent.order(pod).assertOrder('init Started', 'init Exiting');
    agent.order(pod).assertNever('side-1 Starting', 'main Starting');
  });

  it('lets a sidecar end gracefully that runs but has not passed its startup probe', async () => {
    const pod = agent.aPod('not-started', { terminationGracePeriodSeconds: 60 });
    pod.sidecar('side-1', { termination: 0.5 }, { startupProbe: pod.probe('never', { failureThreshold: 600 }) });
    pod.sidecar('side-2').main('main');
    agent.put(pod);
    await eventually('the sidecar has set its trap', () => agent.order(pod).count('side-1 Started') === 1);
    await agent.until(
      'not-started',
      'runs, not started',
      (found) => statusOf(found, 'side-1').state.running !== undefined,
    );
    assert.equal(statusOf(await agent.see('not-started'), 'side-1').started, false);
    agent.remove('not-started.yaml');
    await agent.vanished('not-started', 20_000);
    agent.order(pod).assertOrder('side-1 Started', 'side-1 Exiting');
    agent.order(pod).assertNever('side-2 Starting', 'main Starting');
  });

  it('fails a pod that runs longer than activeDeadlineSeconds, with the reason, and stops all its containers', async () => {
    const pod = agent.aPod('deadline', { activeDeadlineSeconds: 4 }).sidecar('side').main('main');
    agent.put(pod);
    await agent.running('deadline');
    const seen = await agent.phase('deadline', 'Failed');
    assert.equal(seen.status?.reason, 'DeadlineExceeded');
    agent.order(pod).assertOrder('main Started', 'main Exiting', 'side Exiting');
    const running = await agent.runningInEngine('deadline');
    assert.deepEqual(
      running.filter(({ container }) => container !== 'POD'),
      [],
    );
  });
}
