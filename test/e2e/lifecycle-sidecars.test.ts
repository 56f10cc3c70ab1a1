/** Sidecars while their pod runs and when it ends (container_lifecycle_test.go, group L8). */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { isReady, statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';

const agent = new AcceptanceAgent();

describeOnEngine(agent, 'sidecars', cases);

function cases(): void {
  for (const restartPolicy of ['Never', 'OnFailure', 'Always']) {
    for (const exitCode of [0, 1]) {
      it(`come back when they exit ${exitCode} under restartPolicy ${restartPolicy}, before the main container and beside it`, async () => {
        const name = `comes-back-${restartPolicy.toLowerCase()}-${exitCode}`;
        const pod = agent.aPod(name, { restartPolicy });
        // Ends once during the initialization and once beside the main container, which is the second crash in a row.
        const script = [
          `[ -e ${pod.directory}/1 ] || { : > ${pod.directory}/1; say Exiting; exit ${exitCode}; }`,
          `until [ -e ${pod.directory}/main.started ]; do sleep 0.1; done; say Exiting; exit ${exitCode}`,
        ];
        pod
          .sidecar('side', { script: script.join('\n') })
          .init('init', { script: `until [ -e ${pod.directory}/1 ]; do sleep 0.1; done`, delay: 0.5 })
          .main('main');
        agent.put(pod);
        const seen = await agent.until(name, 'two ends of the sidecar', (found) => {
          const { restartCount, state } = statusOf(found, 'side');
          return restartCount === 1 && state.waiting?.reason === 'CrashLoopBackOff';
        });
        assert.equal(seen.status?.phase, 'Running');
        agent.order(pod).assertOrder('side Exiting', 'side Starting', 'main Starting', 'side Exiting');
        agent.order(pod).assertCount('init Starting', 1);
        agent.order(pod).assertCount('main Starting', 1);
      });
    }
  }

  for (const [restartPolicy, phase] of [
    ['Never', 'Failed'],
    ['OnFailure', 'Pending'],
    ['Always', 'Pending'],
  ] as const) {
    it(`wait behind an init container that fails: the pod is ${phase} under ${restartPolicy}`, async () => {
      const name = `init-before-${restartPolicy.toLowerCase()}`;
      const pod = agent.aPod(name, { restartPolicy }).init('bad', { exitCode: 1 }).sidecar('side').main('main');
      agent.put(pod);
      await agent.until(name, phase, ({ status }) => {
        const { restartCount = 0, lastState } = status?.initContainerStatuses?.[0] ?? {};
        return (
          status?.phase === phase && (phase === 'Failed' || (restartCount > 0 && lastState?.terminated !== undefined))
        );
      });
      agent.order(pod).assertNever('side Starting', 'main Starting');
    });

    it(`run beside an init container that fails after them: the pod is ${phase} under ${restartPolicy}`, async () => {
      const name = `init-after-${restartPolicy.toLowerCase()}`;
      const pod = agent
        .aPod(name, { restartPolicy })
        .sidecar('side')
        .init('bad', { delay: 0.3, exitCode: 1 })
        .main('main');
      agent.put(pod);
      const seen = await agent.until(name, phase, (found) => {
        const bad = statusOf(found, 'bad');
        return found.status?.phase === phase && (phase === 'Failed' || bad.restartCount > 0);
      });
      const order = agent.order(pod);
      order.assertOrder('side Starting', 'bad Starting', 'bad Exiting');
      order.assertNever('main Starting');
      if (phase === 'Failed') order.assertOrder('bad Exiting', 'side Exiting');
      else assert.ok(statusOf(seen, 'side').state.running);
    });

    it(`whose image cannot be had hold the main container back under ${restartPolicy}`, async () => {
      const name = `bad-image-${restartPolicy.toLowerCase()}`;
      const image = { image: agent.image('missing'), imagePullPolicy: 'Never' };
      const pod = agent.aPod(name, { restartPolicy }).sidecar('side', {}, image).main('main');
      agent.put(pod);
      const seen = await agent.until(name, 'the image is missed', (found) =>
        /Image/.test(statusOf(found, 'side').state.waiting?.reason ?? ''),
      );
      assert.equal(seen.status?.phase, 'Pending');
      agent.order(pod).assertNever('main Starting');
    });
  }

  for (const restartPolicy of ['Never', 'OnFailure']) {
    it(`do not keep a pod from succeeding under ${restartPolicy}, and stop in reverse order after its main containers`, async () => {
      const name = `completes-${restartPolicy.toLowerCase()}`;
      const pod = agent
        .aPod(name, { restartPolicy })
        .sidecar('side-1', { termination: 0.3 })
        .sidecar('side-2', { termination: 0.3 })
        .sidecar('side-3', { termination: 0.3 })
        .main('main-1', { delay: 0.5 })
        .main('main-2', { delay: 2 });
      agent.put(pod);
      const seen = await agent.phase(name, 'Succeeded');
      const order = agent.order(pod);
      order.assertOrder('side-1 Started', 'side-2 Starting', 'side-2 Started', 'side-3 Starting', 'main-1 Starting');
      order.assertOrder('main-1 Exiting', 'main-2 Exiting', 'side-3 Exiting', 'side-2 Exiting', 'side-1 Exiting');
      for (const side of ['side-1', 'side-2', 'side-3']) {
        order.assertCount(`${side} Starting`, 1);
        assert.equal(statusOf(seen, side).state.terminated?.reason, 'Completed');
      }
    });
  }

  it('that exit with another code or have to be killed do not fail a pod whose main container succeeded', async () => {
    const pod = agent
      .aPod('bad-ends', { restartPolicy: 'Never', terminationGracePeriodSeconds: 2 })
      .sidecar('deaf', { deaf: true })
      .sidecar('cross', { exitCode: 1 })
      .main('main', { delay: 1 });
    agent.put(pod);
    const seen = await agent.phase('bad-ends', 'Succeeded');
    assert.equal(statusOf(seen, 'cross').state.terminated?.exitCode, 1);
    assert.equal(statusOf(seen, 'cross').state.terminated?.reason, 'Error');
    assert.equal(statusOf(seen, 'deaf').state.terminated?.exitCode, 137);
  });

  it('fail their pod when its main container failed', async () => {
    const pod = agent
      .aPod('main-fails', { restartPolicy: 'Never' })
      .sidecar('side')
      .main('main', { exitCode: 4, delay: 0 });
    agent.put(pod);
    const seen = await agent.phase('main-fails', 'Failed');
    assert.equal(statusOf(seen, 'main').state.terminated?.exitCode, 4);
    assert.equal(statusOf(seen, 'side').state.terminated?.exitCode, 0);
  });

  it('whose startup probe fails get their preStop hook, are started again and hold the next container back meanwhile', async () => {
    const pod = agent.aPod('startup-fails');
    const lifecycle = { preStop: { exec: { command: pod.hook('PreStop') } } };
    const startupProbe = pod.probe('never');
    pod.sidecar('side', {}, { lifecycle, startupProbe }).main('main');
    agent.put(pod);
    await agent.until('startup-fails', 'a restart', (found) => statusOf(found, 'side').restartCount >= 1);
    const order = agent.order(pod);
    order.assertOrder('side Started', 'PreStop Starting', 'PreStop Exiting', 'side Exiting', 'side Starting');
    order.assertNever('main Starting');
  });

  it('whose startup probe fails at first let the next container go once it has succeeded', async () => {
    const pod = agent.aPod('startup-recovers');
    const again = `[ -e ${pod.directory}/first ] && : > ${pod.directory}/ok; : > ${pod.directory}/first`;
    pod.sidecar('side', { script: again }, { startupProbe: pod.probe('ok', { failureThreshold: 2 }) }).main('main');
    agent.put(pod);
    const seen = await agent.until('startup-recovers', 'ready', isReady);
    assert.equal(statusOf(seen, 'side').restartCount, 1);
    agent.order(pod).assertOrder('side Started', 'side Exiting', 'side Started', 'main Starting');
  });

  it('whose liveness probe fails get their preStop hook and come back beside the main container', async () => {
    const pod = agent.aPod('liveness-fails');
    const lifecycle = { preStop: { exec: { command: pod.hook('PreStop') } } };
    pod.sidecar('side', {}, { lifecycle, livenessProbe: pod.probeUnless('sick') });
    pod.main('main');
    agent.put(pod);
    await agent.running('liveness-fails');
    pod.touch('sick');
    await agent.until('liveness-fails', 'a restart', (found) => statusOf(found, 'side').restartCount >= 1);
    const order = agent.order(pod);
    order.assertOrder('main Starting', 'PreStop Starting', 'PreStop Exiting', 'side Exiting', 'side Starting');
    order.assertCount('main Starting', 1);
  });
}
