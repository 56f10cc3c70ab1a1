import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Pod } from '../../src/kube/types.ts';
import { AcceptanceAgent } from './support/acceptance.ts';
import type { AcceptancePod } from './support/acceptance-pod.ts';
import { idOf, statusOf } from './support/acceptance-status.ts';
import { eventually } from './support/command.ts';
import { engineUnderTest, runtimes } from './support/engine.ts';
import { startPrivateRegistry } from './support/private-registry.ts';

const condition = (pod: Pod, type: string) => pod.status?.conditions.find((one) => one.type === type);

/** Somebody on the machine who listens; the port is free before and after. */
async function listener() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

/** A manifest as JSON; the file's name is the pod's. */
function manifest(agent: AcceptanceAgent, name: string, change: object = {}, container: object = {}): string {
  const app = {
    name: 'app',
    image: agent.image(),
    command: ['/bin/sh', '-c', 'while :; do sleep 1; done'],
    ...container,
  };
  const spec = { hostNetwork: true, terminationGracePeriodSeconds: 1, containers: [app], ...change };
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec })}\n`;
}

for (const runtime of runtimes(['docker', 'process'])) {
  describe(`${runtime}: an agent that is killed`, () => {
    const agent = new AcceptanceAgent(runtime);
    let deaf: AcceptancePod;
    let killedAtMs = 0;
    before(async () => {
      await agent.begin();
      deaf = agent.aPod('deaf', { terminationGracePeriodSeconds: 8 }).main('deaf', { deaf: true });
      agent.put(deaf);
      const slow = { exec: { command: ['/bin/sh', '-c', ':'] }, periodSeconds: 60 };
      const probes = { startupProbe: { ...slow, periodSeconds: 1 }, readinessProbe: slow };
      agent.write('steady.yaml', manifest(agent, 'steady', {}, probes));
      await agent.running('deaf');
    });
    after(() => agent.destroy());

    test('is followed by one that shows the container started and ready, since when it was, and probes on', async () => {
      const ready = await agent.until('steady', 'Ready', (pod) => condition(pod, 'Ready')?.status === 'True');
      agent.remove('deaf.yaml');
      killedAtMs = performance.now();
      await eventually('the stop has begun', async () => (await agent.agentPod('deaf'))?.doing?.startsWith('stopping'));
      await new Promise((resolve) => setTimeout(resolve, 4000));
      await agent.end('SIGKILL');
      await agent.start();
      const first = await eventually('the pod is shown', async () => {
        const pod = await agent.see('steady');
        return pod?.status?.containerStatuses[0]?.state.running === undefined ? undefined : pod;
      });
      assert.deepEqual([statusOf(first, 'app').started, statusOf(first, 'app').ready], [true, true]);
      assert.equal(idOf(first, 'app'), idOf(ready, 'app'));
      assert.equal(condition(first, 'Ready')?.lastTransitionTime, condition(ready, 'Ready')?.lastTransitionTime);
      assert.equal(first.status?.startTime, ready.status?.startTime);
    });

    test('in the middle of a grace period loses nothing of it and doubles nothing', async () => {
      await agent.vanished('deaf');
      const tookSeconds = (performance.now() - killedAtMs) / 1000;
      assert.ok(tookSeconds > 7 && tookSeconds < 12, `${tookSeconds} s`);
    });
  });
}

describe(`${engineUnderTest}: what is not admitted, and images`, () => {
  const agent = new AcceptanceAgent();
  before(() => agent.begin());
  after(() => agent.destroy());
  const refused = (name: string, pattern: RegExp) =>
    agent.until(name, `refused: ${pattern}`, ({ status }) => pattern.test(status?.message ?? ''));

  test('a port that somebody listens on is refused by pid, and taken as soon as it is free', async () => {
    const other = await listener();
    const ports = [{ containerPort: other.port }];
    agent.write('port.yaml', manifest(agent, 'port', {}, { ports }));
    const pod = await refused('port', new RegExp(`host port ${other.port}/TCP is in use by pid ${process.pid} `));
    assert.equal(pod.status?.phase, 'Pending');
    assert.equal(pod.status?.reason, 'NodePorts');
    await other.close();
    await agent.running('port');
    agent.write('second.yaml', manifest(agent, 'second', {}, { ports }));
    await refused('second', /is taken by pod default\/port-node1/);
    agent.remove('port.yaml');
    await agent.running('second');
    // S4: another namespace on the same port.
    const moved = JSON.parse(manifest(agent, 'second', {}, { ports }));
    moved.metadata.namespace = 'other';
    agent.write('second.yaml', JSON.stringify(moved));
    const there = await agent.until(
      'second',
      'runs in the other namespace',
      ({ metadata, status }) => metadata.namespace === 'other' && status?.phase === 'Running',
    );
    assert.equal(statusOf(there, 'app').restartCount, 0);
  });

  test('a node selector that does not fit, and requests above the node, are shown and tried again', async () => {
    agent.write('selector.yaml', manifest(agent, 'selector', { nodeSelector: { disk: 'tape' } }));
    const huge = { requests: { memory: '1Pi' } };
    agent.write('huge.yaml', manifest(agent, 'huge', {}, { resources: huge }));
    assert.equal((await refused('selector', /node affinity\/selector/)).status?.reason, 'NodeAffinity');
    assert.equal((await refused('huge', /enough resource: memory/)).status?.reason, 'OutOfmemory');
    const fits = { nodeSelector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': 'node1' } };
    agent.write('selector.yaml', manifest(agent, 'selector', fits));
    await agent.running('selector');
  });

  test('an edit whose image cannot be had leaves the old container alone; taken back, nothing has happened', async () => {
    agent.write('edited.yaml', manifest(agent, 'edited'));
    await agent.running('edited');
    const old = await agent.inEngineAs('edited', 'app');
    agent.write('edited.yaml', manifest(agent, 'edited', {}, { image: agent.image('missing') }));
    await agent.until(
      'edited',
      'backs off',
      (pod) => statusOf(pod, 'app').state.waiting?.reason === 'ImagePullBackOff',
    );
    assert.equal((await agent.inEngineAs('edited', 'app'))?.id, old?.id);
    agent.write('edited.yaml', manifest(agent, 'edited'));
    const pod = await agent.running('edited');
    assert.equal(idOf(pod, 'app'), old?.id);
    assert.equal(statusOf(pod, 'app').restartCount, 0);
  });

  test('pull policy Never: an image that is not there is ErrImageNeverPull', async () => {
    const never = { image: agent.image('missing'), imagePullPolicy: 'Never' };
    agent.write('never.yaml', manifest(agent, 'never', {}, never));
    await agent.until('never', 'says so', (pod) => statusOf(pod, 'app').state.waiting?.reason === 'ErrImageNeverPull');
  });

  test('a private registry: refused without a login, pulled with the one in the kubelet’s directory', async () => {
    const registry = await startPrivateRegistry(agent.engine, agent.image());
    try {
      agent.write(
        'private.yaml',
        manifest(agent, 'private', {}, { image: registry.reference, imagePullPolicy: 'Always' }),
      );
      const waiting = (pod: Pod) => statusOf(pod, 'app').state.waiting;
      const pod = await agent.until('private', 'backs off', (seen) => waiting(seen)?.reason === 'ImagePullBackOff');
      assert.match(waiting(pod)?.message ?? '', /Back-off 10s pulling image .*(denied|no basic auth|unauthorized)/i);
      mkdirSync(join(agent.root, 'var/lib/kubelet'), { recursive: true });
      writeFileSync(join(agent.root, 'var/lib/kubelet/config.json'), registry.login, { mode: 0o600 });
      await agent.running('private');
    } finally {
      agent.remove('private.yaml');
      await agent.vanished('private');
      await registry.stop();
    }
  });
});

test('process: an agent whose root directory is removed ends by itself', async () => {
  const agent = new AcceptanceAgent('process');
  await agent.begin();
  const { pid } = agent;
  rmSync(agent.root, { recursive: true, force: true });
  await eventually('the agent has ended', () => !existsSync(`/proc/${pid}/root`));
  await agent.end('SIGKILL');
  rmSync(agent.root, { recursive: true, force: true });
});
