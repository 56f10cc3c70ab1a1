import assert from 'node:assert/strict';
import test from 'node:test';
import { rivalOf } from '../../../src/cli/agent/rivals.ts';
import type { ListeningSocket } from '../../../src/host/host.ts';
import { labels } from '../../../src/runtime/labels.ts';
import type { ObservedPod } from '../../../src/runtime/runtime.ts';
import { anObserved, anObservedPod } from '../../fakes/agent-builders.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const ownPid = 100;

/** A machine with these programs, each with the mount namespace it is in. */
async function machine(
  programs: Readonly<Record<number, readonly [string, string]>>,
  listening: ListeningSocket[] = [],
) {
  const files = new MemoryHost();
  for (const [pid, [program, mounts]] of Object.entries({ ...programs, [ownPid]: ['node', 'mnt:[1]'] as const })) {
    files.seed(`/proc/${pid}/comm`, `${program}\n`);
    await files.makeDirectory(`/proc/${pid}/ns`);
    await files.makeSymlink(mounts, `/proc/${pid}/ns/mnt`);
  }
  files.seed('/proc/uptime', '1 1');
  const living = new Set([...Object.keys(programs).map(Number), ownPid]);
  return Object.assign(files, {
    pid: ownPid,
    listeners: async (port: number) => listening.filter((socket) => socket.port === port),
    identify: async (pid: number) => (living.has(pid) ? { pid, startTicks: '5' } : undefined),
  });
}

const theirs = (root: string, owner = 'other'): ObservedPod => {
  const logPath = `${root}/var/log/pods/default_web_uid1/app/0.log`;
  return anObservedPod({ containers: [anObserved({ logPath, labels: { [labels.owner]: owner } })] });
};

test('a kubelet that sees our files is a rival, by any of its names', async () => {
  const found = await rivalOf(await machine({ 7: ['kubelet', 'mnt:[1]'] }), []);
  assert.match(found?.problem ?? '', /a kubelet runs here \(pid 7\)/);
  assert.match(found?.hint ?? '', /systemctl disable --now kubelet/);
  assert.match((await rivalOf(await machine({ 8: ['k3s-server', 'mnt:[1]'] }), []))?.problem ?? '', /pid 8/);
});

test('one in a machine of its own is none, unless it answers at our localhost', async () => {
  const elsewhere = { 7: ['kubelet', 'mnt:[2]'] as const };
  assert.equal(await rivalOf(await machine(elsewhere), []), undefined);
  const listening = [{ address: '127.0.0.1', port: 10_248, pid: 7, program: 'kubelet' }];
  assert.match((await rivalOf(await machine(elsewhere, listening), []))?.problem ?? '', /pid 7/);
  const ours = [{ address: '127.0.0.1', port: 10_248, pid: 9, program: 'node' }];
  assert.equal(await rivalOf(await machine(elsewhere, ours), []), undefined);
});

test('the agent of the root directory that the pods are of is a rival as long as it lives', async () => {
  const host = await machine({ 7: ['node', 'mnt:[1]'] });
  host.seed('/srv/other/var/lib/bootstrap/owner', 'other\n');
  host.seed('/srv/other/run/bootstrap/agent.lock', '7 5\n');
  assert.match((await rivalOf(host, [theirs('/srv/other')]))?.problem ?? '', /the agent of \/srv\/other \(pid 7\)/);
  host.seed('/srv/other/run/bootstrap/agent.lock', '7 4\n');
  assert.equal(await rivalOf(host, [theirs('/srv/other')]), undefined);
});

test('an agent of that root that has other pods, our own lock and paths that tell no root are no rivals', async () => {
  const host = await machine({ 7: ['node', 'mnt:[1]'] });
  host.seed('/srv/other/var/lib/bootstrap/owner', 'somebody\n');
  host.seed('/srv/other/run/bootstrap/agent.lock', '7 5\n');
  host.seed('/var/lib/bootstrap/owner', 'new\n');
  host.seed('/run/bootstrap/agent.lock', `${ownPid} 5\n`);
  const elsewhere = anObservedPod({ containers: [anObserved({ logPath: '', labels: { [labels.owner]: 'other' } })] });
  assert.equal(await rivalOf(host, [theirs('/srv/other'), theirs('', 'lost'), elsewhere]), undefined);
});
