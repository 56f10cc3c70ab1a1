import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clearTemporaries } from '../../../src/agent/home/leftovers.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const paths = {
  stateDir: '/var/lib/bootstrap',
  lastGoodDir: '/var/lib/bootstrap/last-good',
  kubeletDir: '/var/lib/kubelet',
};
const left = [
  '/var/lib/bootstrap/.claims.json.77.1.tmp',
  '/var/lib/bootstrap/pods/.u1.json.77.2.tmp',
  '/var/lib/bootstrap/last-good/.a.json.77.3.tmp',
  '/var/lib/kubelet/pods/u1/.etc-hosts.77.4.tmp',
];
const kept = ['/var/lib/bootstrap/.claims.json.78.1.tmp', '/var/lib/kubelet/pods/u1/etc-hosts'];
const only78 = async (pid: number) => (pid === 78 ? { pid, startTicks: '1' } : undefined);

test('what a killed agent left half written goes, what a living process writes stays', async () => {
  const files = new MemoryHost(Object.fromEntries([...left, ...kept].map((path) => [path, ''])));
  await clearTemporaries({ host: Object.assign(files, { identify: only78 }), paths, log: recordingLog() });
  assert.deepEqual(files.files().toSorted(), kept.toSorted());
});

test('a directory that cannot be cleared is a warning', async () => {
  const files = new MemoryHost({ '/var/lib/bootstrap/.x.77.1.tmp': '' });
  files.failWhen(() => 'EIO');
  const log = recordingLog();
  await clearTemporaries({ host: Object.assign(files, { identify: only78 }), paths, log });
  assert.match(log.warnings.join('\n'), /half written cannot be removed: .*EIO/);
});
