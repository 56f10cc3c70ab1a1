/** The cases of the other lifecycle files that matter most, on the process runtime. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { isReady, statusOf } from './support/acceptance-status.ts';
import { eventually } from './support/command.ts';

const agent = new AcceptanceAgent('process');

describe('pods as plain processes', { concurrency: 6 }, () => {
  before(() => agent.begin());
  after(() => agent.destroy());

  it('start init containers and sidecars in the order of the manifest, and stop sidecars in reverse after the main container', async () => {
    const pod = agent
      .aPod('mixed', { restartPolicy: 'Never' })
      .init('init-1', { delay: 0.3 })
      .sidecar('side-1')
      .init('init-2', { delay: 0.3 })
      .sidecar('side-2')
      .main('main', { delay: 1 });
    agent.put(pod);
    const seen = await agent.phase('mixed', 'Succeeded');
    const order = agent.order(pod);
    order.assertOrder('init-1 Exiting', 'side-1 Starting', 'init-2 Starting', 'init-2 Exiting', 'side-2 Starting');
    order.assertOrder('side-2 Starting', 'main Starting', 'main Exiting', 'side-2 Exiting', 'side-1 Exiting');
    assert.equal(statusOf(seen, 'main').state.terminated?.reason, 'Completed');
  });

  it('fail when an init container fails and nothing is restarted', async () => {
    const pod = agent.aPod('init-fails', { restartPolicy: 'Never' }).init('bad', { exitCode: 3 }).main('main');
    agent.put(pod);
    const seen = await agent.phase('init-fails', 'Failed');
    assert.equal(statusOf(seen, 'bad').state.terminated?.exitCode, 3);
    agent.order(pod).assertNever('main Starting');
  });

  it('hold the next container back until the startup probe of a sidecar succeeds', async () => {
    const pod = agent.aPod('gated');
    const startupProbe = pod.probe('side.started', { failureThreshold: 60 });
    agent.put(pod.sidecar('side', { startDelay: 1 }, { startupProbe }).main('main'));
    await agent.until('gated', 'ready', isReady);
    agent.order(pod).assertOrder('side Starting', 'side Started', 'main Starting');
  });

  it('call preStop, then stop within the grace period when the manifest goes', async () => {
    const pod = agent.aPod('graceful', { terminationGracePeriodSeconds: 10 });
    pod.main('main', { termination: 1 }, { lifecycle: { preStop: { exec: { command: pod.hook('PreStop') } } } });
    agent.put(pod);
    await agent.running('graceful');
    agent.remove('graceful.yaml');
    await agent.vanished('graceful');
    agent.order(pod).assertOrder('main Started', 'PreStop Starting', 'PreStop Exiting', 'main Exiting');
  });

  it('restart at once the first time, and are the same pod to an agent that was killed', async () => {
    const pod = agent.aPod('survivor').main('main', { termination: 0 });
    const crashing = agent.aPod('crashing').main('main', { exitCode: 1, delay: 0 });
    agent.put(pod);
    agent.put(crashing);
    const first = await agent.running('survivor');
    await agent.until(
      'crashing',
      'it backs off',
      (seen) => statusOf(seen, 'main').state.waiting?.reason === 'CrashLoopBackOff',
    );
    await agent.end('SIGKILL');
    await agent.start();
    const seen = await agent.running('survivor');
    assert.deepEqual(statusOf(seen, 'main'), statusOf(first, 'main'));
    await agent.until('crashing', 'the second restart', (found) => statusOf(found, 'main').restartCount >= 2);
    const [one = 0, two = 0, three = 0] = agent.order(crashing).times('main Starting');
    assert.ok(two - one < 8000 && three - two > 9900, agent.order(crashing).text());
  });

  it('are replaced when their manifest changes: the old one ends in its grace period, then the new one starts', async () => {
    const pod = agent.aPod('changed', { terminationGracePeriodSeconds: 10 }).main('main', { termination: 1 });
    agent.put(pod);
    await agent.running('changed');
    agent.put(agent.aPod('changed').main('main', { script: 'say new' }));
    await eventually('the new one runs', () => agent.order(pod).count('main new') === 1);
    agent.order(pod).assertOrder('main Started', 'main Exiting', 'main Starting', 'main new');
  });

  it('all restart when a container exits with the code of its RestartAllContainers rule', async () => {
    const pod = agent.aPod('all', { restartPolicy: 'Never' }).init('init');
    const script = `[ -e ${pod.directory}/done ] || { : > ${pod.directory}/done; sleep 1; exit 42; }`;
    const restartPolicyRules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }];
    agent.put(pod.main('source', { script }, { restartPolicy: 'Never', restartPolicyRules }).main('other'));
    await agent.until('all', 'all restarted once', (seen) =>
      ['init', 'source', 'other'].every((name) => statusOf(seen, name).restartCount === 1),
    );
    agent.order(pod).assertCount('init Starting', 2);
  });
});
