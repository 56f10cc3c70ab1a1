/** What the old pod still gives while the new one cannot start yet: service until the image is there, and its ports (A21, A22, S3, S4). */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { archive } from '../components/locations.ts';
import { AcceptanceAgent } from './support/acceptance.ts';
import { holdRegistry } from './support/acceptance-registry.ts';
import { idOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';
import { eventually } from './support/command.ts';
import { engineUnderTest } from './support/engine.ts';
import { startRegistry } from './support/registry.ts';

const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';
const agent = new AcceptanceAgent(engineUnderTest, ['--image-archives', dirname(archive('agnhost'))]);
const directory = mkdtempSync(join(tmpdir(), 'held-registry-'));
const firstPort = 21_000 + Math.floor(Math.random() * 8000);

/** A server on a port of the machine that answers its own name to /hostname?; stops within its grace period. */
function aServer(
  name: string,
  port: number,
  change: { readonly container?: string; readonly namespace?: string } = {},
) {
  const { container = 'main', namespace = 'default' } = change;
  const main = {
    name: container,
    image: agnhost,
    args: ['netexec', `--http-port=${port}`, '--udp-port=-1'],
    ports: [{ containerPort: port, hostPort: port }],
    env: [{ name: 'CONTAINER', value: `${container} in ${namespace}` }],
  };
  const spec = { hostNetwork: true, terminationGracePeriodSeconds: 2, containers: [main] };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec });
}

const answers = async (port: number) => (await fetch(`http://127.0.0.1:${port}/echo?msg=here`)).text();

describeOnEngine(agent, 'a pod that takes the place of another', cases, {
  end: () => rmSync(directory, { recursive: true, force: true }),
});

function cases(): void {
  it('leaves the old one running until its image is pulled, and takes its place right then', async () => {
    const registry = await startRegistry(directory);
    const held = await holdRegistry(registry.address);
    const name = `slow-${Math.random().toString(16).slice(2, 10)}:1`;
    const reference = `${held.address}/${name}`;
    try {
      await agent.engine.tag(agent.image('new'), `${registry.address}/${name}`);
      await agent.engine.push(`${registry.address}/${name}`);
      await agent.engine.removeName(`${registry.address}/${name}`);
      const pod = agent.aPod('slow').main('main', { script: 'say "with $IMAGE"' });
      agent.put(pod);
      const first = await agent.running('slow');
      agent.put(agent.aPod('slow').main('main', { script: 'say "with $IMAGE"' }, { image: reference }));
      await eventually('the image is asked for', () => held.asked() > 0);
      // The agent goes on with other pods meanwhile.
      agent.put(agent.aPod('beside').main('main'));
      await agent.running('beside');
      assert.equal((await agent.inEngineAs('slow', 'main'))?.id, idOf(first, 'main'));
      agent.order(pod).assertNever('main Exiting');
      held.release();
      await eventually('the new one runs', () => agent.order(pod).count('main with new') === 1, 60_000);
      agent.order(pod).assertOrder('main with old', 'main Exiting', 'main Starting', 'main with new');
    } finally {
      held.stop();
      await registry.stop();
      agent.put(agent.aPod('slow').main('main'));
      await agent.engine.removeName(reference);
    }
  });

  it('heeds a manifest that goes back while the new image is being pulled, and never stops the old pod', async () => {
    const held = await holdRegistry('127.0.0.1:9');
    try {
      const pod = agent.aPod('reverted').main('main');
      agent.put(pod);
      const first = await agent.running('reverted');
      agent.put(agent.aPod('reverted').main('main', {}, { image: `${held.address}/never:1` }));
      await eventually('the image is asked for', () => held.asked() > 0);
      agent.put(pod);
      const seen = await agent.until('reverted', 'as it was', (found) => found.metadata.uid === first.metadata.uid);
      assert.equal(idOf(seen, 'main'), idOf(first, 'main'));
      agent.order(pod).assertCount('main Starting', 1);
    } finally {
      held.stop();
    }
  });

  it('has its port from the old one, when a container on the host network is renamed', async () => {
    agent.write('renamed.yaml', aServer('renamed', firstPort));
    await eventually('it serves', () => answers(firstPort), 60_000);
    agent.write('renamed.yaml', aServer('renamed', firstPort, { container: 'upgraded' }));
    await agent.until(
      'renamed',
      'the new container runs',
      ({ status }) =>
        status?.containerStatuses.some(({ name, state }) => name === 'upgraded' && state.running !== undefined) ??
        false,
    );
    assert.equal(await eventually('it serves', () => answers(firstPort)), 'here');
    assert.equal((await agent.see('renamed'))?.status?.containerStatuses[0]?.restartCount, 0);
  });

  it('has its port from the old one, when it moves to another namespace', async () => {
    const port = firstPort + 1;
    agent.write('moved.yaml', aServer('moved', port));
    await eventually('it serves', () => answers(port), 60_000);
    agent.write('moved.yaml', aServer('moved', port, { namespace: 'other' }));
    await agent.until(
      'moved',
      'runs in the other namespace',
      ({ metadata, status }) =>
        metadata.namespace === 'other' && status?.containerStatuses[0]?.state.running !== undefined,
    );
    assert.equal(await eventually('it serves', () => answers(port)), 'here');
  });

  it('waits for a port that another pod has, says so, and starts when that one goes', async () => {
    const port = firstPort + 2;
    agent.write('holder.yaml', aServer('holder', port));
    await eventually('it serves', () => answers(port), 60_000);
    agent.write('waiter.yaml', aServer('waiter', port));
    const said = await eventually('it says why it waits', async () => {
      const { doing = '', lastError = '' } = (await agent.agentPod('waiter')) ?? {};
      return [doing, lastError].find((text) => text.includes(String(port)));
    });
    assert.match(said, new RegExp(String(port)));
    assert.equal((await agent.inEngine('waiter')).length, 0);
    agent.remove('holder.yaml');
    await agent.running('waiter');
    assert.equal(await eventually('it serves', () => answers(port)), 'here');
  });
}
