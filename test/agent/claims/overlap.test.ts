import assert from 'node:assert/strict';
import test from 'node:test';
import { AgentHarness, manifestsDir, webManifest } from '../../fakes/agent-harness.ts';

const file = `${manifestsDir}/web.yaml`;
const oldText = webManifest(['terminationGracePeriodSeconds: 20']);
const newText = webManifest(['terminationGracePeriodSeconds: 20', 'hostname: other']);
const holder = { pid: 100, startTicks: '7' };
const claims = '/var/lib/bootstrap/claims.json';
const forMs = 600_000;

/** One pod runs, and process 100 has asked for two. */
async function overlapping(): Promise<{ readonly harness: AgentHarness; readonly old: string }> {
  const harness = new AgentHarness();
  harness.processes.set(holder.pid, holder.startTicks);
  harness.files.seed(file, oldText);
  await harness.start();
  await harness.agent.requests.overlap({ file, holder, forMs });
  return { harness, old: harness.running()[0] ?? '' };
}

const uidOf = (harness: AgentHarness, id: string) => harness.runtime.containers.get(id)?.pod.uid;

test('a changed manifest under a claim: the new pod starts at once, the old one runs on, and both are shown', async () => {
  const { harness, old } = await overlapping();
  await harness.write('web.yaml', newText);
  await harness.advance(60_000);
  assert.equal(harness.running().length, 2);
  const [desired, kept, ...more] = harness.agent.status().pods;
  assert.deepEqual(more, []);
  assert.equal(desired?.file, file);
  assert.equal(desired?.pod.status?.phase, 'Running');
  assert.equal(kept?.pod.metadata.uid, uidOf(harness, old));
  assert.equal(kept?.file, undefined);
  assert.deepEqual(kept?.overlap, { pid: 100, until: '2026-01-01T00:10:00.000Z' });
  assert.equal(kept?.pod.status?.containerStatuses[0]?.state.running !== undefined, true);
  assert.match(kept?.doing ?? '', /beside the new one until pid 100/);
  assert.deepEqual(
    harness.runtime.mutations().filter((call) => call.startsWith('stop')),
    [],
  );
  await harness.stop();
});

test('stopOld ends it: the old pod is stopped with its grace and removed, the new one stays', async () => {
  const { harness, old } = await overlapping();
  await harness.write('web.yaml', newText);
  await harness.agent.requests.stopOld(file);
  await harness.settle();
  assert.equal(harness.runtime.calls.find(({ method }) => method === 'stopContainer')?.detail, 20);
  assert.equal(harness.runtime.containers.has(old), false);
  assert.equal(harness.running().length, 1);
  assert.equal(harness.files.text(claims), undefined);
  assert.equal(harness.agent.status().pods.length, 1);
  await harness.stop();
});

test('the old manifest comes back: the failed new pod goes at once, the old one is not touched', async () => {
  const { harness, old } = await overlapping();
  await harness.write('web.yaml', newText);
  assert.equal(harness.running().length, 2);
  await harness.write('web.yaml', oldText);
  assert.deepEqual(harness.running(), [old]);
  await harness.agent.requests.stopOld(file);
  await harness.advance(60_000);
  assert.deepEqual(harness.running(), [old]);
  assert.equal(harness.pod()?.pod.status?.containerStatuses[0]?.restartCount, 0);
  await harness.stop();
});

test('an old pod that dies under a claim is not started again, and comes back with its manifest', async () => {
  const { harness, old } = await overlapping();
  await harness.write('web.yaml', newText);
  harness.runtime.exit(old, 1);
  await harness.advance(60_000);
  assert.equal(harness.running().length, 1);
  await harness.write('web.yaml', oldText);
  const [again, ...more] = harness.running();
  assert.deepEqual(more, []);
  assert.notEqual(again, old);
  assert.equal(uidOf(harness, again ?? ''), harness.pod()?.pod.metadata.uid);
  assert.equal(harness.pod()?.pod.status?.containerStatuses[0]?.restartCount, 1);
  await harness.stop();
});

test('a third form under a claim replaces the second, not the first', async () => {
  const { harness, old } = await overlapping();
  await harness.write('web.yaml', newText);
  await harness.agent.requests.overlap({ file, holder, forMs });
  await harness.write('web.yaml', webManifest(['hostname: third']));
  assert.equal(harness.running().length, 2);
  assert.ok(harness.running().includes(old));
  assert.equal(harness.pod()?.pod.spec.hostname, 'third');
  await harness.stop();
});

test('an agent that is killed forgets no claim', async () => {
  const { harness, old } = await overlapping();
  assert.equal((await harness.files.stat(claims))?.mode, 0o600);
  await harness.write('web.yaml', newText);
  harness.kill();
  await harness.start();
  await harness.advance(60_000);
  assert.equal(harness.running().length, 2);
  assert.ok(harness.running().includes(old));
  await harness.stop();
});

test('a claim ends with its holder, but not before the manifest is what a recovery makes of it', async () => {
  const { harness, old } = await overlapping();
  await harness.write('web.yaml', newText);
  let asked = 0;
  harness.recover = async () => {
    asked += 1;
    if (asked < 3) return false;
    await harness.files.writeFile(file, oldText);
    return true;
  };
  harness.processes.delete(holder.pid);
  await harness.advance(2000);
  assert.equal(harness.running().length, 2, 'somebody else recovers: both run on');
  await harness.advance(3000);
  assert.deepEqual(harness.running(), [old]);
  assert.equal(harness.files.text(claims), undefined);
  await harness.stop();
});

test('a pid that was used again does not hold a claim, and time ends one that is held', async () => {
  const first = await overlapping();
  await first.harness.write('web.yaml', newText);
  first.harness.processes.set(holder.pid, '8');
  await first.harness.advance(2000);
  assert.equal(first.harness.running().length, 1);
  await first.harness.stop();
  const second = await overlapping();
  await second.harness.write('web.yaml', newText);
  await second.harness.advance(forMs + 2000);
  assert.equal(second.harness.running().length, 1);
  assert.notDeepEqual(second.harness.running(), [second.old]);
  await second.harness.stop();
});

test('a claim is refused for a file that no pod runs by, for another process, and where it cannot be kept', async () => {
  const { harness } = await overlapping();
  const { requests } = harness.agent;
  const other = { pid: 101, startTicks: '9' };
  await assert.rejects(requests.overlap({ file: `${manifestsDir}/none.yaml`, holder, forMs }), /no pod runs by/);
  await assert.rejects(requests.overlap({ file, holder: other, forMs }), /being changed over by pid 100/);
  await requests.stopOld(file);
  await requests.stopOld(file);
  harness.files.failWhen(({ path }) => (path === claims ? 'ENOSPC' : undefined));
  await assert.rejects(requests.overlap({ file, holder, forMs }), /ENOSPC/);
  await harness.write('web.yaml', newText);
  assert.equal(harness.running().length, 1);
  await harness.stop();
});

test('a removed manifest takes both with it, claim or not', async () => {
  const { harness } = await overlapping();
  await harness.write('web.yaml', newText);
  await harness.remove('web.yaml');
  await harness.advance(30_000);
  assert.equal(harness.runtime.containers.size + harness.runtime.sandboxes.size, 0);
  await harness.stop();
});

test('a pod with a UID of its own cannot run twice: it is changed as ever', async () => {
  const withUid = (text: string) => text.replace('  name: web', '  name: web\n  uid: fixed');
  const harness = new AgentHarness();
  harness.processes.set(holder.pid, holder.startTicks);
  harness.files.seed(file, withUid(oldText));
  await harness.start();
  await harness.agent.requests.overlap({ file, holder, forMs });
  await harness.write('web.yaml', withUid(newText));
  assert.equal(harness.running().length, 1);
  assert.equal(harness.pod()?.pod.spec.hostname, 'other');
  await harness.stop();
});

test('an agent that is killed at any call while it changes over stops nothing of what is kept', async () => {
  const counted = ['createSandbox', 'startContainer', 'stopContainer', 'writeFile', 'removeContainer', 'removeSandbox'];
  const play = async (at: number): Promise<number> => {
    const { harness, old } = await overlapping();
    let calls = 0;
    let dead = false;
    harness.onCall = (name) => {
      if (!counted.includes(name)) return undefined;
      calls += 1;
      dead ||= calls === at;
      return calls === at ? 'after' : undefined;
    };
    harness.files.seed(file, newText);
    void harness.agent.look();
    for (let second = 0; second < 30; second++) {
      await harness.clock.advance(1000);
      if (dead) {
        dead = false;
        harness.kill();
        await harness.start();
      }
      assert.equal(harness.runtime.containers.get(old)?.state, 'running', `killed at call ${at}`);
    }
    assert.equal(harness.running().length, 2, `killed at call ${at}`);
    harness.onCall = () => undefined;
    await harness.agent.requests.stopOld(file);
    await harness.advance(30_000);
    assert.equal(harness.running().length, 1, `killed at call ${at}`);
    assert.equal(harness.runtime.containers.has(old), false, `killed at call ${at}`);
    await harness.stop();
    return calls;
  };
  const calls = await play(0);
  assert.ok(calls >= 2, `${calls} calls`);
  for (let at = 1; at <= calls; at++) await play(at);
});
