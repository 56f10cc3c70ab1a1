/** Init containers, sidecars and hooks in the order that container_lifecycle_test.go and init_container.go state (groups L2, L3, L8). */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { isReady, statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';

const agent = new AcceptanceAgent();

describeOnEngine(agent, 'the order in which containers of a pod start', cases);

function cases(): void {
  it('runs init containers one after another and the main containers after them', async () => {
    const pod = agent
      .aPod('serial', { restartPolicy: 'Never' })
      .init('first', { startDelay: 0.5 })
      .init('second', { delay: 0.5 })
      .init('third')
      .main('main', { delay: 0.5 });
    agent.put(pod);
    const seen = await agent.phase('serial', 'Succeeded');
    const order = agent.order(pod);
    order.assertOrder('first Exiting', 'second Starting', 'second Exiting', 'third Starting', 'third Exiting');
    order.assertOrder('third Exiting', 'main Starting', 'main Exiting');
    for (const name of ['first', 'second', 'third', 'main']) {
      assert.equal(statusOf(seen, name).state.terminated?.reason, 'Completed');
      order.assertCount(`${name} Starting`, 1);
    }
  });

  it('fails a pod that is never restarted when an init container fails, and starts nothing after it', async () => {
    const pod = agent
      .aPod('init-fails', { restartPolicy: 'Never' })
      .init('good')
      .init('bad', { exitCode: 3 })
      .init('later')
      .main('main');
    agent.put(pod);
    const seen = await agent.phase('init-fails', 'Failed');
    assert.equal(statusOf(seen, 'bad').state.terminated?.exitCode, 3);
    assert.equal(statusOf(seen, 'bad').restartCount, 0);
    assert.equal(statusOf(seen, 'main').state.waiting?.reason, 'PodInitializing');
    agent.order(pod).assertNever('later Starting', 'main Starting');
    const initialized = seen.status?.conditions.find(({ type }) => type === 'Initialized');
    assert.equal(initialized?.status, 'False');
  });

  for (const restartPolicy of ['Always', 'OnFailure']) {
    it(`keeps a pod Pending while its init container goes on failing under ${restartPolicy}`, async () => {
      const name = `init-retried-${restartPolicy.toLowerCase()}`;
      const pod = agent.aPod(name, { restartPolicy }).init('bad', { exitCode: 1 }).init('later').main('main');
      agent.put(pod);
      const seen = await agent.until(name, 'the init container is tried again', (found) =>
        [1, 2].includes(statusOf(found, 'bad').restartCount),
      );
      assert.equal(seen.status?.phase, 'Pending');
      agent.order(pod).assertNever('later Starting', 'main Starting');
    });
  }

  it('goes on to the main containers once a retried init container has succeeded', async () => {
    const pod = agent.aPod('init-recovers').main('main');
    pod.init('shaky', { script: `[ -e ${pod.directory}/tried ] || { : > ${pod.directory}/tried; exit 1; }` });
    agent.put(pod);
    const seen = await agent.running('init-recovers');
    assert.equal(statusOf(seen, 'shaky').restartCount, 1);
    assert.equal(statusOf(seen, 'shaky').state.terminated?.exitCode, 0);
    agent.order(pod).assertOrder('shaky Starting', 'shaky Starting', 'shaky Exiting', 'main Starting');
  });

  for (const restartPolicy of ['Never', 'Always']) {
    it(`waits for the image of an init container that cannot be had, restartPolicy ${restartPolicy}`, async () => {
      const name = `init-image-${restartPolicy.toLowerCase()}`;
      const pod = agent
        .aPod(name, { restartPolicy })
        .init('bad', {}, { image: agent.image('missing'), imagePullPolicy: 'Never' })
        .main('main');
      agent.put(pod);
      const seen = await agent.until(name, 'the missing image is said', (found) =>
        /Image/.test(statusOf(found, 'bad').state.waiting?.reason ?? ''),
      );
      assert.equal(seen.status?.phase, 'Pending');
      agent.order(pod).assertNever('bad Starting', 'main Starting');
    });
  }

  it('calls postStart of a main container after the init containers have ended', async () => {
    const pod = agent.aPod('hook-after-init').init('init', { delay: 0.5 });
    pod.main('main', {}, { lifecycle: { postStart: { exec: { command: pod.hook('PostStart') } } } });
    agent.put(pod);
    await agent.running('hook-after-init');
    agent.order(pod).assertOrder('init Exiting', 'PostStart Starting', 'PostStart Exiting');
  });

  it('starts the second main container after postStart of the first has ended', async () => {
    const pod = agent.aPod('hook-before-second');
    const command = pod.hook('PostStart', 'sleep 1');
    pod.main('first', {}, { lifecycle: { postStart: { exec: { command } } } }).main('second');
    agent.put(pod);
    await agent.running('hook-before-second');
    agent.order(pod).assertOrder('first Starting', 'PostStart Exiting', 'second Starting');
  });

  it('restarts a container whose postStart fails, and says so', async () => {
    const pod = agent.aPod('hook-fails');
    const command = pod.hook('PostStart', `[ -e ${pod.directory}/again ] || { : > ${pod.directory}/again; exit 1; }`);
    pod.main('main', {}, { lifecycle: { postStart: { exec: { command } } } });
    agent.put(pod);
    const seen = await agent.until('hook-fails', 'it runs after a restart', (found) => {
      const { state, restartCount } = statusOf(found, 'main');
      return state.running !== undefined && restartCount === 1;
    });
    agent.order(pod).assertOrder('main Starting', 'PostStart Starting', 'main Exiting', 'main Starting');
    assert.ok(statusOf(seen, 'main').lastState.terminated);
  });

  it('restarts a failing main container without running its init containers again', async () => {
    const pod = agent.aPod('main-restarts').init('init').main('main', { delay: 0.2, exitCode: 1 });
    agent.put(pod);
    await agent.until('main-restarts', 'two starts', (found) => statusOf(found, 'main').restartCount >= 1);
    const order = agent.order(pod);
    order.assertOrder('init Exiting', 'main Starting', 'main Exiting', 'main Starting');
    order.assertCount('init Starting', 1);
  });

  it('mixes init containers and sidecars in the order of the manifest', async () => {
    const pod = agent
      .aPod('mixed', { restartPolicy: 'Never' })
      .init('init-1', { delay: 0.5 })
      .sidecar('side-1')
      .init('init-2', { delay: 0.5 })
      .sidecar('side-2')
      .init('init-3', { delay: 1.5 })
      .main('main', { delay: 1 });
    agent.put(pod);
    await agent.phase('mixed', 'Succeeded');
    const order = agent.order(pod);
    order.assertOrder('init-1 Exiting', 'side-1 Starting');
    order.assertOrder('side-1 Started', 'init-2 Exiting', 'side-2 Starting');
    order.assertOrder('side-2 Started', 'init-3 Exiting', 'main Starting', 'main Exiting');
    order.assertOrder('main Exiting', 'side-2 Exiting', 'side-1 Exiting');
    for (const name of ['side-1', 'side-2']) order.assertCount(`${name} Starting`, 1);
  });

  it('lets the next container start when the startup probe of a sidecar has succeeded', async () => {
    const pod = agent.aPod('gated');
    pod
      .sidecar('side', { startDelay: 1.5 }, { startupProbe: pod.probe('side.started', { failureThreshold: 60 }) })
      .init('init')
      .main('main');
    agent.put(pod);
    const seen = await agent.running('gated');
    assert.equal(statusOf(seen, 'side').started, true);
    agent.order(pod).assertOrder('side Starting', 'side Started', 'init Starting', 'init Exiting', 'main Starting');
  });

  it('is not ready before its sidecar is', async () => {
    const pod = agent.aPod('ready-with-sidecar');
    pod.sidecar('side', {}, { readinessProbe: pod.probe('go') }).main('main');
    agent.put(pod);
    assert.equal(isReady(await agent.running('ready-with-sidecar')), false);
    pod.touch('go');
    const seen = await agent.until('ready-with-sidecar', 'ready', isReady);
    assert.equal(statusOf(seen, 'side').ready, true);
  });
}
