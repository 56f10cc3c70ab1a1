/** Edits of a manifest (mirror_pod_test.go, mirror_pod_grace_period_test.go, groups L1 and L5; A4, A19, A20): every change is another pod. */
import assert from 'node:assert/strict';
import { renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { idOf, statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';
import { eventually } from './support/command.ts';

const agent = new AcceptanceAgent();
const newImage = () => ({ image: agent.image('new') });
const imageOf = (name: string) => ({ script: `say "${name} with $IMAGE"` });

describeOnEngine(agent, 'an edited manifest', cases);

function cases(): void {
  for (const restartPolicy of ['Always', 'OnFailure', 'Never']) {
    it(`with another image is another pod: new UID, new image, restartPolicy ${restartPolicy}`, async () => {
      const name = `image-${restartPolicy.toLowerCase()}`;
      const old = agent.aPod(name, { restartPolicy }).main('main', { ...imageOf('it'), termination: 0.5 });
      agent.put(old);
      const first = await agent.running(name);
      agent.put(agent.aPod(name, { restartPolicy }).main('main', imageOf('it'), newImage()));
      const second = await agent.replaced(name, first);
      assert.equal(statusOf(second, 'main').restartCount, 0);
      assert.equal(statusOf(second, 'main').image, agent.image('new'));
      assert.equal(second.metadata.annotations?.['kubernetes.io/config.hash'], second.metadata.uid);
      await eventually('nothing of the old one is left', async () =>
        (await agent.inEngine(name)).every(({ labels }) => labels['io.kubernetes.pod.uid'] === second.metadata.uid),
      );
      agent.order(old).assertOrder('main it with old', 'main Exiting', 'main Starting', 'main it with new');
    });
  }

  it('during the initialization never starts the main container of the old one', async () => {
    const old = agent
      .aPod('mid-init')
      .init('init', { delay: 'forever', ...imageOf('it') })
      .main('main', imageOf('it'));
    agent.put(old);
    await eventually('init runs', () => agent.order(old).count('init Started') === 1);
    agent.put(agent.aPod('mid-init').init('init', imageOf('it')).main('main', imageOf('it'), newImage()));
    await agent.running('mid-init');
    const order = agent.order(old);
    order.assertOrder('init Starting', 'init Exiting', 'init Starting', 'init Exiting', 'main it with new');
    order.assertNever('main it with old');
  });

  it('with another image of a finished init container runs that one before the main container', async () => {
    const old = agent.aPod('init-image').init('init', imageOf('it')).main('main');
    agent.put(old);
    const first = await agent.running('init-image');
    agent.put(agent.aPod('init-image').init('init', imageOf('it'), newImage()).main('main'));
    await agent.replaced('init-image', first);
    agent
      .order(old)
      .assertOrder('init it with old', 'main Starting', 'main Exiting', 'init it with new', 'main Starting');
  });

  it('with another activeDeadlineSeconds is another pod', async () => {
    agent.put(agent.aPod('deadline', { activeDeadlineSeconds: 1000 }).main('main'));
    const first = await agent.running('deadline');
    agent.put(agent.aPod('deadline', { activeDeadlineSeconds: 2000 }).main('main'));
    await agent.replaced('deadline', first);
  });

  for (const kind of ['startupProbe', 'livenessProbe']) {
    it(`is used although the old container was being restarted for its ${kind}`, async () => {
      const name = `after-${kind.toLowerCase()}`;
      const old = agent.aPod(name, { terminationGracePeriodSeconds: 2 });
      agent.put(old.main('main', {}, { [kind]: old.probe('never') }));
      await agent.until(name, 'it backs off', (pod) => statusOf(pod, 'main').restartCount >= 1);
      agent.put(agent.aPod(name).main('main', imageOf('it'), newImage()));
      const seen = await agent.until(
        name,
        'the new one runs',
        (pod) =>
          statusOf(pod, 'main').image === agent.image('new') && statusOf(pod, 'main').state.running !== undefined,
      );
      assert.equal(statusOf(seen, 'main').restartCount, 0);
    });
  }

  it('is heeded at once while the old container backs off after crashes', async () => {
    const old = agent.aPod('crashing').main('main', { exitCode: 1, delay: 0 });
    agent.put(old);
    await agent.until(
      'crashing',
      'it backs off',
      (pod) => statusOf(pod, 'main').state.waiting?.reason === 'CrashLoopBackOff',
    );
    agent.put(agent.aPod('crashing').main('main'));
    await agent.running('crashing');
    const [, second = 0, third = 0] = agent.order(old).times('main Starting');
    assert.ok(third - second < 9000, `${third - second} ms`);
  });

  it('is heeded at once while the old pod waits for an image that cannot be had', async () => {
    const image = { image: agent.image('missing'), imagePullPolicy: 'IfNotPresent' };
    agent.put(agent.aPod('no-image').main('main', {}, image));
    await agent.until('no-image', 'it backs off', (pod) =>
      /Image/.test(statusOf(pod, 'main').state.waiting?.reason ?? ''),
    );
    agent.put(agent.aPod('no-image').main('main'));
    await agent.until('no-image', 'it runs', (pod) => statusOf(pod, 'main').state.running !== undefined, 15_000);
  });

  it('leaves the running pod its whole grace period, and starts the new one right after its end', async () => {
    const old = agent.aPod('graceful', { terminationGracePeriodSeconds: 20 }).main('main', { termination: 4 });
    agent.put(old);
    await agent.running('graceful');
    agent.put(agent.aPod('graceful').main('main', imageOf('it'), newImage()));
    await eventually('the new one runs', () => agent.order(old).count('main it with new') === 1, 60_000);
    const order = agent.order(old);
    order.assertOrder('main Started', 'main Exiting', 'main Starting', 'main it with new');
    const [, second = 0] = order.times('main Starting');
    assert.ok(second - order.at('main Exiting') < 4000, order.text());
  });

  it('300 times in the grace period of the old pod ends in exactly the last one', async () => {
    const edit = (number: number) => {
      const steps = { script: `say "as $NUMBER"`, termination: number === 0 ? 8 : 0 };
      const env = [{ name: 'NUMBER', value: String(number) }];
      return agent.aPod('many', { terminationGracePeriodSeconds: 30 }).main('main', steps, { env });
    };
    agent.put(edit(0));
    await eventually('the first runs', () => agent.order(edit(0)).count('main as 0') === 1);
    for (let number = 1; number <= 300; number++) {
      agent.put(edit(number));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await eventually('the last one runs', () => agent.order(edit(0)).count('main as 300') === 1, 60_000);
    const order = agent.order(edit(0));
    order.assertOrder('main as 0', 'main Exiting', 'main as 300');
    order.assertCount('main Starting', 2);
    assert.equal((await agent.runningInEngine('many')).length, 2);
  });

  it('that only was touched or written again as it was restarts nothing, 500 times', async () => {
    const pod = agent.aPod('touched').main('main');
    agent.put(pod);
    const first = await agent.running('touched');
    for (let times = 0; times < 250; times++) {
      utimesSync(join(agent.root, 'manifests/touched.yaml'), times, times);
      agent.put(pod);
    }
    // A pod that came after all the events is there: they have been dealt with.
    agent.put(agent.aPod('touched-after').main('main'));
    await agent.running('touched-after');
    const seen = await agent.see('touched');
    assert.equal(idOf(seen, 'main'), idOf(first, 'main'));
    agent.order(pod).assertCount('main Starting', 1);
  });

  it('that has a UID of its own is recreated under it when only its environment changes', async () => {
    const aPod = (value: string) =>
      agent
        .aPod('own-uid', {}, { uid: '11111111-2222-3333-4444-555555555555' })
        .main('main', { script: 'say "as $VALUE"' }, { env: [{ name: 'VALUE', value }] });
    agent.put(aPod('one'));
    const first = await agent.running('own-uid');
    assert.equal(first.metadata.uid, '11111111-2222-3333-4444-555555555555');
    agent.put(aPod('two'));
    await eventually('the new one runs', () => agent.order(aPod('two')).count('main as two') === 1, 60_000);
    agent.order(aPod('two')).assertOrder('main as one', 'main Exiting', 'main as two');
    assert.equal((await agent.running('own-uid')).metadata.uid, first.metadata.uid);
  });

  it('under another file name is another pod', async () => {
    const pod = agent.aPod('renamed').main('main');
    agent.put(pod);
    const first = await agent.running('renamed');
    renameSync(join(agent.root, 'manifests/renamed.yaml'), join(agent.root, 'manifests/renamed-new.yaml'));
    await agent.replaced('renamed', first);
    agent.order(pod).assertOrder('main Starting', 'main Exiting', 'main Starting');
  });

  it('with another restartPolicy is another pod that follows it', async () => {
    agent.put(agent.aPod('policy').main('main', { exitCode: 1, delay: 0 }));
    await agent.until('policy', 'it is restarted', (pod) => statusOf(pod, 'main').restartCount >= 1);
    agent.put(agent.aPod('policy', { restartPolicy: 'Never' }).main('main', { exitCode: 1, delay: 0 }));
    assert.equal(statusOf(await agent.phase('policy', 'Failed'), 'main').restartCount, 0);
  });
}
