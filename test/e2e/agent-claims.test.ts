/** What a rollout asks of a running agent: two instances of a pod at a time, and a restart without a change. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { rolloutAgent } from '../../src/cli/rollout/rollout-agent.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import type { AgentPod } from '../../src/kube/agent-socket.ts';
import { openJournal } from '../../src/rollout/journal/journal.ts';
import { readBeforeReplacing } from '../../src/rollout/revisions/kept-files.ts';
import { readRevisions, writeRevision } from '../../src/rollout/revisions/revisions.ts';
import { archive } from '../components/locations.ts';
import { aDraft } from '../fakes/revision-builders.ts';
import { bootstrap, eventually, expectCode } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import { containerOf, isRunning, LoneAgent } from './support/lone-agent.ts';

const pause = 'registry.k8s.io/pause:3.10.2';
const name = 'etcd-node1';

const manifest = (grace: number) => `apiVersion: v1
kind: Pod
metadata:
  name: etcd
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: ${grace}
  containers:
  - name: main
    image: ${pause}
    ports: [{containerPort: 12379}]
`;

/** Another process that holds a claim. */
async function aHolder(t: { after(action: () => void): void }): Promise<ChildProcess & { readonly query: string }> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.after(() => void child.kill('SIGKILL'));
  const { pid, startTicks } = await eventually('it runs', () => nodeHost.identify(child.pid ?? 0));
  return Object.assign(child, { query: `pid=${pid}&startTicks=${startTicks}&forMs=600000` });
}

for (const runtime of runtimes(['process', 'docker'])) {
  test(`${runtime}: two instances of a pod, as long as a rollout asks for them`, async (t) => {
    const agent = new LoneAgent(runtime, dirname(archive(pause)));
    t.after(() => agent.destroy());
    await agent.start();
    const paths = pathsOf(agent.root);
    const file = join(agent.root, 'manifests/etcd.yaml');
    const door = rolloutAgent({ host: nodeHost, clock: systemClock, paths });
    const both = async () => {
      const { pods } = await agent.status();
      return pods.length === 2 && pods.every(isRunning) ? pods : undefined;
    };
    const isNow = (uid: string) => (pod: AgentPod) => isRunning(pod) && pod.pod.metadata.uid === uid;
    const only = (id: string) =>
      eventually('one is left', async () => {
        const { pods } = await agent.status();
        return pods.length === 1 && pods.every(isRunning) && containerOf(pods[0] as AgentPod).id === id;
      });

    agent.write('etcd.yaml', manifest(5));
    const old = await agent.pod(name);
    const oldUid = old.pod.metadata.uid ?? '';
    await door.overlap(file);
    agent.write('etcd.yaml', manifest(6));
    const [fresh, kept] = await eventually('two run', both);
    assert.ok(fresh !== undefined && kept !== undefined);
    assert.deepEqual([fresh.file, kept.file, kept.pod.metadata.uid], [file, undefined, oldUid]);
    assert.equal(kept.overlap?.pid, process.pid);
    assert.equal(containerOf(kept).id, containerOf(old).id);
    assert.equal(readdirSync(paths.podLogsDir).length, 2, 'a log directory for each');
    assert.equal(statSync(join(paths.stateDir, 'claims.json')).mode & 0o777, 0o600);
    const shown = expectCode(await bootstrap(['status', '--root-dir', agent.root]), 0).stdout;
    assert.match(shown, /etcd-node1 .*\n.*etcd-node1 [\s\S]*runs on beside the new one until pid \d+/);

    await agent.end('SIGKILL');
    await agent.start();
    const again = await eventually('two run', both);
    assert.deepEqual(
      again.map((pod) => containerOf(pod)),
      [fresh, kept].map((pod) => containerOf(pod)),
      'the next agent leaves both as they are',
    );

    agent.write('etcd.yaml', manifest(5));
    await only(containerOf(old).id);
    await door.stopOld(file);
    assert.equal(containerOf(await agent.pod(name, isNow(oldUid))).id, containerOf(old).id);

    await door.overlap(file);
    agent.write('etcd.yaml', manifest(7));
    const [third] = await eventually('two run', both);
    await door.stopOld(file);
    await only(containerOf(third as AgentPod).id);
    await eventually('nothing is left of the old one', () => readdirSync(paths.podLogsDir).length === 1);
  });

  test(`${runtime}: a process that dies in the middle of a change`, async (t) => {
    const agent = new LoneAgent(runtime, dirname(archive(pause)));
    t.after(() => agent.destroy());
    await agent.start();
    const paths = pathsOf(agent.root);
    const file = join(agent.root, 'manifests/etcd.yaml');
    const door = rolloutAgent({ host: nodeHost, clock: systemClock, paths });
    agent.write('etcd.yaml', manifest(5));
    const old = containerOf(await agent.pod(name)).id;
    const holder = await aHolder(t);
    const socketPath = join(agent.root, 'run/bootstrap/agent.sock');
    const url = `http://agent/overlap?file=${encodeURIComponent(file)}&${holder.query}`;
    const asked = await nodeHost.request(url, { socketPath, method: 'POST', timeoutMs: 5000 });
    assert.equal(asked.status, 200);
    await assert.rejects(door.overlap(file), /being changed over by pid/);

    // What an apply leaves that is killed while it waits for the new instance.
    const replaced = await readBeforeReplacing(nodeHost, [file]);
    const { pid, startTicks } = (await nodeHost.identify(holder.pid ?? 0)) ?? { pid: 0, startTicks: '' };
    const begun = { to: 1, startedAt: new Date().toISOString(), holder: { pid, startTicks } };
    const journal = await openJournal(nodeHost, paths, { ...begun, command: 'bootstrap apply', user: 'root' });
    await writeRevision(nodeHost, paths.revisionsDir, aDraft({ result: 'unfinished', replaced }));
    await nodeHost.writeFile(join(paths.runDir, 'rollout.lock'), `${pid} ${startTicks}\n`, { mode: 0o600 });
    await journal.step('gate', { component: 'etcd' });
    agent.write('etcd.yaml', manifest(6));
    await eventually('two run', async () => (await agent.status()).pods.filter(isRunning).length === 2);

    holder.kill('SIGKILL');
    await eventually('the old manifest is back and its pod alone runs', async () => {
      const { pods } = await agent.status();
      return pods.length === 1 && containerOf(pods[0] as AgentPod).id === old;
    });
    assert.equal(Buffer.from((await nodeHost.readFile(file)) ?? '').toString(), manifest(5));
    assert.equal(containerOf(await agent.pod(name)).restarts, 0, 'the old pod never noticed');
    await eventually(
      'the revision is undone',
      async () => (await readRevisions(nodeHost, paths.revisionsDir))[0]?.result === 'rolled-back' || undefined,
    );
    await eventually(
      'nothing is claimed',
      async () => (await nodeHost.stat(join(paths.stateDir, 'claims.json'))) === undefined,
    );
    await door.overlap(file);
    await door.stopOld(file);

    const before = await agent.pod(name);
    const [replacedId] = await door.restart(file);
    assert.equal(replacedId, before.pod.status?.containerStatuses[0]?.containerID);
    for (let restarts = 1; restarts <= 3; restarts++) {
      const seen = await agent.pod(name, (pod) => isRunning(pod) && containerOf(pod).restarts === restarts);
      assert.equal(seen.pod.metadata.uid, before.pod.metadata.uid);
      if (restarts < 3) await door.restart(file);
    }
    await assert.rejects(door.restart(join(agent.root, 'manifests/none.yaml')), /no pod runs by/);
  });
}
