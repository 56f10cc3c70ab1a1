/** Pods of another owner, which has ended, in the same engine. A kubelet's: takeover-kubelet.test.ts. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { annotations, labels } from '../../src/runtime/labels.ts';
import { archive } from '../components/locations.ts';
import { agnhost } from './support/agnhost-pods.ts';
import { bootstrap, eventually, expectCode } from './support/command.ts';
import { engineOf, engineUnderTest } from './support/engine.ts';
import { isRunning, LoneAgent } from './support/lone-agent.ts';

const names = ['a', 'b', 'c'].map((letter) => `${letter}-${process.pid}`);

/** Notes its start and its end in a file on the machine, and is Ready a while after its start. */
const script = `echo "$NAME starts" >>/data/log
trap 'sleep 0.5; echo "$NAME has ended" >>/data/log; exit 0' TERM
(sleep 1; touch /tmp/ready) &
while :; do sleep 0.1; done`;

const manifest = (name: string, data: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      hostNetwork: true,
      terminationGracePeriodSeconds: 20,
      volumes: [{ name: 'data', hostPath: { path: data } }],
      containers: [
        {
          name: 'main',
          image: agnhost,
          command: ['sh', '-c', script],
          env: [{ name: 'NAME', value: name }],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
          readinessProbe: { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1 },
        },
      ],
    },
  });

class TakingAgent extends LoneAgent {
  takeover = true;

  constructor(data: string) {
    super(engineUnderTest, dirname(archive('agnhost')));
    for (const name of names) this.write(`${name}.yaml`, manifest(name, data));
  }

  override arguments(): readonly string[] {
    return [...super.arguments(), ...(this.takeover ? ['--takeover'] : [])];
  }

  async ready(): Promise<void> {
    const isReady = (found: Parameters<typeof isRunning>[0]) =>
      isRunning(found) && found.pod.status?.containerStatuses.every(({ ready }) => ready) === true;
    for (const name of names) await this.pod(`${name}-node1`, isReady);
  }
}

test(`${engineUnderTest}: --takeover replaces another owner's pods one by one, though it is killed in the middle`, async (t) => {
  const engine = engineOf(engineUnderTest);
  const data = mkdtempSync(join(tmpdir(), 'taken-'));
  const log = () => readFileSync(join(data, 'log'), 'utf8').trim().split('\n');
  const [theirs, ours] = [new TakingAgent(data), new TakingAgent(data)];
  t.after(async () => {
    theirs.takeover = false;
    await Promise.all([theirs, ours].map((agent) => agent.destroy()));
    rmSync(data, { recursive: true });
  });
  theirs.takeover = false;
  await theirs.start();
  await theirs.ready();
  const bystander = `bystander-${process.pid}`;
  theirs.write('bystander.yaml', manifest(bystander, data));
  await theirs.pod(`${bystander}-node1`);
  writeFileSync(join(data, 'log'), '');

  const refused = expectCode(await bootstrap(ours.arguments()), 2);
  assert.match(
    refused.stderr,
    new RegExp(`nothing is taken over: the agent of ${theirs.root} \\(pid ${theirs.pid}\\)`),
  );
  assert.match(refused.stderr, new RegExp(`kill ${theirs.pid}`));

  await theirs.end('SIGTERM');
  await ours.start();
  await eventually('the first is being replaced', () => log().includes(`${names[0]} has ended`), 60_000);
  await ours.end('SIGKILL');
  await ours.start();
  await ours.ready();
  await eventually('nothing of theirs is left but what has no manifest here', async () => {
    const left = await engine.find({ [labels.owner]: theirs.owner() });
    return left.every((item) => item.labels['io.kubernetes.pod.name'] === `${bystander}-node1`);
  });
  const pairs = names.flatMap((name) => [`${name} has ended`, `${name} starts`]);
  assert.deepEqual(log(), pairs, 'each is gone before it starts, and the next one runs on until then');
  const pods = (await ours.status()).pods;
  assert.deepEqual(
    pods.map(({ pod }) => pod.metadata.annotations?.[annotations.configHash]),
    pods.map(({ pod }) => pod.metadata.uid),
  );
  const stays = await engine.find({ 'io.kubernetes.pod.name': `${bystander}-node1` });
  assert.deepEqual([...new Set(stays.map(({ state }) => state))], ['running']);
});
