import assert from 'node:assert/strict';
import test from 'node:test';
import { clearOrphanedPods } from '../../../src/agent/volumes/orphans.ts';
import { mountPointsBelow, removeUnmounted } from '../../../src/host/mount-points.ts';
import { aMachine, MemoryHost } from '../../fakes/memory-host.ts';

const table = (points: readonly string[]) =>
  points.map((point, id) => `${id} 1 0:5 / ${point.replaceAll(' ', '\\040')} rw - tmpfs tmpfs rw\n`).join('');

/** A machine on which mounts can be taken off, but for those named `stuck`. */
function machine(points: readonly string[], stuck: readonly string[] = []) {
  const files = new MemoryHost({ '/pods/a/volumes/x/file': '1', '/pods/a/kube-bootstrap': '', '/pods/b/file': '2' });
  let mounted = [...points];
  const ran: string[] = [];
  const show = () => files.seed('/proc/self/mountinfo', table(mounted));
  const run = async (_command: string, args: readonly string[]) => {
    ran.push(args.join(' '));
    const point = args.at(-1) ?? '';
    if (stuck.includes(point)) return { code: 32, stdout: '', stderr: 'target is busy' };
    mounted = mounted.filter((other) => other !== point);
    show();
    return { code: 0, stdout: '', stderr: '' };
  };
  show();
  return { files, ran, host: Object.assign(files, aMachine(), { run }) };
}

test('finds mounts at and below a path, with odd names, and not beside it', async () => {
  const { host } = machine(['/', '/pods/a', '/pods/a/vol ume', '/pods/ab']);
  assert.deepEqual(await mountPointsBelow(host, '/pods/a'), ['/pods/a', '/pods/a/vol ume']);
});

test('takes mounts off from the inside out before it removes', async () => {
  const { host, files, ran } = machine(['/pods/a/volumes/x', '/pods/a/volumes/x/y']);
  await removeUnmounted(host, '/pods/a');
  assert.deepEqual(ran, ['/pods/a/volumes/x/y', '/pods/a/volumes/x']);
  assert.equal(await files.stat('/pods/a'), undefined);
  await removeUnmounted(host, '/pods/a');
});

test('removes nothing while something stays mounted', async () => {
  const { host, files } = machine(['/pods/a/volumes/x'], ['/pods/a/volumes/x']);
  await assert.rejects(removeUnmounted(host, '/pods/a'), /cannot be unmounted: target is busy/);
  assert.equal(files.text('/pods/a/volumes/x/file'), '1');
});

test('clears away our pods that are gone, and leaves those of others', async () => {
  const { host, files } = machine(['/pods/a/volumes/x']);
  assert.deepEqual(await clearOrphanedPods(host, '/pods', new Set(['a'])), []);
  assert.deepEqual(await clearOrphanedPods(host, '/pods', new Set()), ['/pods/a']);
  assert.equal(files.text('/pods/b/file'), '2');
  assert.deepEqual(await clearOrphanedPods(host, '/none', new Set()), []);
});
