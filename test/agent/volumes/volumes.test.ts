import assert from 'node:assert/strict';
import test from 'node:test';
import { podPaths } from '../../../src/agent/pod-paths.ts';
import { containerMounts } from '../../../src/agent/volumes/mounts.ts';
import { prepareVolumes, volumePaths, volumeRefusals } from '../../../src/agent/volumes/prepare-volumes.ts';
import type { Volume } from '../../../src/kube/types.ts';
import { aPod } from '../../fakes/agent-builders.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const roots = { kubeletDir: '/var/lib/kubelet', podLogsDir: '/var/log/pods', containerLogsDir: '/var/log/containers' };
const paths = podPaths(roots, { name: 'web-node1', namespace: 'default', uid: 'uid1' });

async function prepare(volumes: readonly Volume[], host = new MemoryHost({ '/there/file': 'x' })) {
  await prepareVolumes(host, aPod({ volumes }), paths);
  return host;
}

const hostPath = (path: string, type: NonNullable<Volume['hostPath']>['type']): readonly Volume[] => [
  { name: 'v', hostPath: { path, ...(type === undefined ? {} : { type }) } },
];

test('makes what the type says is to be made', async () => {
  assert.equal((await (await prepare(hostPath('/new/dir', 'DirectoryOrCreate'))).stat('/new/dir'))?.mode, 0o755);
  assert.equal((await (await prepare(hostPath('/there/new', 'FileOrCreate'))).stat('/there/new'))?.mode, 0o644);
  assert.equal((await (await prepare(hostPath('/bare', ''))).stat('/bare'))?.kind, 'directory');
  const own = '/var/lib/kubelet/pods/uid1/volumes/kubernetes.io~empty-dir/v';
  assert.equal((await (await prepare([{ name: 'v', emptyDir: {} }])).stat(own))?.mode, 0o777);
});

test('refuses what does not fit, and says what is there', async () => {
  await assert.rejects(prepare(hostPath('/there/file', 'Directory')), /volume v is not ready/);
  await assert.rejects(prepare(hostPath('/gone', 'File')), (thrown: Error) =>
    /is not there/.test(String(thrown.cause)),
  );
  await assert.rejects(prepare(hostPath('/no/where', 'FileOrCreate')), (thrown: Error) =>
    /its directory is not there/.test(String(thrown.cause)),
  );
  assert.match(volumeRefusals(aPod({ volumes: [{ name: 'v', nfs: {} }] }))[0] ?? '', /nfs are not supported/);
});

test('mounts at the volume’s place, with subPath and propagation', () => {
  const volumes = volumePaths(aPod({ volumes: hostPath('/data', '') }), paths);
  const mount = { name: 'v', mountPath: '/in', subPathExpr: '$(NAME)/x', mountPropagation: 'HostToContainer' } as const;
  assert.deepEqual(containerMounts([mount], volumes, new Map([['NAME', 'web']])), [
    { hostPath: '/data/web/x', containerPath: '/in', readOnly: false, propagation: 'rslave' },
  ]);
  assert.throws(() => containerMounts([mount], volumes, new Map()), /\$\(NAME\), which is not set/);
  assert.throws(
    () => containerMounts([{ name: 'v', mountPath: '/in', subPath: 'a/../../b' }], volumes, new Map()),
    /leads out/,
  );
});
