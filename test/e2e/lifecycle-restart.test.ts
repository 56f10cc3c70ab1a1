/** What is restarted, when, and what is left of it (container_restart_policy.go, container_restart_test.go, runtime.go, garbage_collector_test.go, log_path_test.go). */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { idOf, statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';
import { eventually } from './support/command.ts';

const agent = new AcceptanceAgent();
const on42 = (action: string) => [{ action, exitCodes: { operator: 'In', values: [42] } }];

describeOnEngine(agent, 'restarts', cases);

function cases(): void {
  for (const [restartPolicy, exitCode, phase] of [
    ['Always', 0, 'Running'],
    ['Always', 1, 'Running'],
    ['OnFailure', 0, 'Succeeded'],
    ['OnFailure', 1, 'Running'],
    ['Never', 0, 'Succeeded'],
    ['Never', 1, 'Failed'],
  ] as const) {
    it(`of a container that exits ${exitCode} under ${restartPolicy}: the pod is ${phase}`, async () => {
      const name = `exits-${exitCode}-${restartPolicy.toLowerCase()}`;
      const pod = agent.aPod(name, { restartPolicy }).main('main', { exitCode, delay: 0 });
      agent.put(pod);
      if (phase === 'Running') {
        const seen = await agent.until(name, 'restarted, then backing off', (found) => {
          const { restartCount, state } = statusOf(found, 'main');
          return restartCount === 1 && state.waiting?.reason === 'CrashLoopBackOff';
        });
        assert.equal(seen.status?.phase, 'Running');
        assert.equal(statusOf(seen, 'main').lastState.terminated?.exitCode, exitCode);
        assert.match(statusOf(seen, 'main').state.waiting?.message ?? '', /back-off 10s/);
        return;
      }
      const { state, restartCount } = statusOf(await agent.phase(name, phase), 'main');
      assert.deepEqual([state.terminated?.exitCode, restartCount], [exitCode, 0]);
      assert.equal(state.terminated?.reason, exitCode === 0 ? 'Completed' : 'Error');
      await eventually('its sandbox is stopped', async () => (await agent.inEngineAs(name, 'POD')) === undefined);
      agent.order(pod).assertCount('main Starting', 1);
      const kinds = (await agent.inEngine(name)).map(({ container }) => container);
      assert.deepEqual(kinds.filter((kind) => kind === 'POD').length <= 1, true, 'no further sandbox');
    });
  }

  for (const [what, restartPolicy, fields, restarted] of [
    [
      'a rule that matches its exit code',
      'Never',
      { restartPolicy: 'Never', restartPolicyRules: on42('Restart') },
      true,
    ],
    ['a policy of its own, Always', 'Never', { restartPolicy: 'Always' }, true],
    ['a policy of its own, Never', 'Always', { restartPolicy: 'Never' }, false],
  ] as const) {
    it(`follow ${what}, in a pod of restartPolicy ${restartPolicy}`, async () => {
      const name = `own-${restartPolicy}-${fields.restartPolicy}`.toLowerCase();
      agent.put(agent.aPod(name, { restartPolicy }).main('main', { exitCode: 42, delay: 0 }, fields));
      await agent.until(name, restarted ? 'restarted' : 'ended for good', (found) => {
        const { state, restartCount } = statusOf(found, 'main');
        if (restarted) return restartCount >= 1;
        return found.status?.phase === 'Failed' && state.terminated?.exitCode === 42 && restartCount === 0;
      });
    });
  }

  it('do not follow a rule of another exit code', async () => {
    const pod = agent.aPod('other-code', { restartPolicy: 'Never' });
    const fields = { restartPolicy: 'Never', restartPolicyRules: on42('Restart') };
    agent.put(pod.main('main', { exitCode: 1, delay: 0 }, fields));
    assert.equal(statusOf(await agent.phase('other-code', 'Failed'), 'main').restartCount, 0);
  });

  it('of all containers follow when a main container exits with the code of its rule', async () => {
    const pod = agent.aPod('all-by-main', { restartPolicy: 'Never' }).init('init').sidecar('side');
    const script = `[ -e ${pod.directory}/done ] || { : > ${pod.directory}/done; sleep 1; exit 42; }`;
    pod.main('source', { script }, { restartPolicy: 'Never', restartPolicyRules: on42('RestartAllContainers') });
    pod.main('regular');
    agent.put(pod);
    await agent.until(
      'all-by-main',
      'all restarted once',
      (found) =>
        ['init', 'side', 'source', 'regular'].every((name) => statusOf(found, name).restartCount === 1) &&
        ['side', 'source', 'regular'].every((name) => statusOf(found, name).state.running !== undefined),
    );
    const order = agent.order(pod);
    order.assertOrder('source Starting', 'init Starting', 'init Exiting', 'side Starting', 'source Starting');
    for (const name of ['init', 'side', 'source', 'regular']) order.assertCount(`${name} Starting`, 2);
    const sandboxes = (await agent.inEngine('all-by-main')).filter(({ name }) => name.startsWith('k8s_POD_'));
    assert.equal(sandboxes.length, 1, 'the sandbox stays');
  });

  it('of all containers follow when a sidecar exits with the code of its rule', async () => {
    const pod = agent.aPod('all-by-sidecar', { restartPolicy: 'Never' }).init('init').sidecar('other');
    const script = `[ -e ${pod.directory}/done ] || { : > ${pod.directory}/done; sleep 3; exit 42; }`;
    pod.sidecar('source', { script }, { restartPolicyRules: on42('RestartAllContainers') }).main('main');
    agent.put(pod);
    await agent.until(
      'all-by-sidecar',
      'all restarted once',
      (found) =>
        ['init', 'other', 'source', 'main'].every((name) => statusOf(found, name).restartCount === 1) &&
        ['other', 'source', 'main'].every((name) => statusOf(found, name).state.running !== undefined),
    );
  });

  it('of init containers and sidecars follow when an init container exits with the code of its rule', async () => {
    const pod = agent.aPod('all-by-init', { restartPolicy: 'Never' }).sidecar('side').init('init');
    const script = `[ -e ${pod.directory}/done ] || { : > ${pod.directory}/done; exit 42; }`;
    const rules = { restartPolicy: 'Never', restartPolicyRules: on42('RestartAllContainers') };
    pod.init('source', { script }, rules).main('main');
    agent.put(pod);
    const seen = await agent.running('all-by-init');
    for (const name of ['side', 'init', 'source']) assert.equal(statusOf(seen, name).restartCount, 1, name);
    agent.order(pod).assertCount('main Starting', 1);
  });

  it('of all containers do not loop when two containers have the rule', async () => {
    const pod = agent.aPod('all-by-two', { restartPolicy: 'Never' });
    const rules = { restartPolicy: 'Never', restartPolicyRules: on42('RestartAllContainers') };
    const script = `[ -e ${pod.directory}/done ] || { : > ${pod.directory}/done; sleep 1; exit 42; }`;
    pod.main('source', { script }, rules).main('regular', {}, rules);
    agent.put(pod);
    await agent.until('all-by-two', 'both restarted once', (found) =>
      ['source', 'regular'].every((name) => {
        const { restartCount, state } = statusOf(found, name);
        return restartCount === 1 && state.running !== undefined;
      }),
    );
  });

  it('come at once the first time and 10 s after the end the second time', async () => {
    const pod = agent.aPod('schedule').main('main', { exitCode: 1, delay: 0 });
    agent.put(pod);
    await agent.until('schedule', 'two restarts', (found) => statusOf(found, 'main').restartCount >= 2);
    const [first = 0, second = 0, third = 0] = agent.order(pod).times('main Starting');
    assert.ok(second - first < 8000, `the first restart came after ${second - first} ms`);
    assert.ok(third - second > 9900 && third - second < 16_000, `the second restart came after ${third - second} ms`);
    const mains = (await agent.inEngine('schedule')).filter(({ name }) => name.startsWith('k8s_main_'));
    assert.ok(mains.filter(({ state }) => state !== 'running').length <= 2, 'one dead, and one that is being replaced');
  });

  it('leave one dead container of a name, its log and links to the logs', async () => {
    const pod = agent.aPod('leftovers');
    const script = `echo run; [ -e ${pod.directory}/stay ] && sleep 1000 & wait $!; exit 1`;
    agent.put(pod.main('main', { script }));
    await agent.until('leftovers', 'a restart', (found) => statusOf(found, 'main').restartCount === 1);
    pod.touch('stay');
    const seen = await agent.restarted('leftovers', 'main', 2);
    const mains = await eventually('one dead and one running container', async () => {
      const found = (await agent.inEngine('leftovers')).filter(({ name }) => name.startsWith('k8s_main_'));
      return found.length === 2 ? found : undefined;
    });
    assert.deepEqual(mains.map(({ state }) => state).sort(), ['exited', 'running']);
    const logs = join(agent.root, 'var/log/pods', `default_leftovers-node1_${seen.metadata.uid}`, 'main');
    assert.deepEqual(readdirSync(logs).sort(), ['1.log', '2.log']);
    assert.match(readFileSync(join(logs, '2.log'), 'utf8'), /run/);
    const id = idOf(seen, 'main');
    const link = join(agent.root, 'var/log/containers', `leftovers-node1_default_main-${id}.log`);
    assert.equal(realpathSync(link), realpathSync(join(logs, '2.log')));
    agent.remove('leftovers.yaml');
    await agent.vanished('leftovers');
    assert.deepEqual(
      readdirSync(join(agent.root, 'var/log/containers')).filter((name) => name.startsWith('leftovers')),
      [],
    );
  });
}
