import assert from 'node:assert/strict';
import test from 'node:test';
import { prepareVolumes, volumePaths, volumeRefusals } from '../../../src/agent/volumes/prepare-volumes.ts';
import type { PodSpec, Volume } from '../../../src/kube/types.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aMachine, MemoryHost } from '../../fakes/memory-host.ts';
import { aPodContext } from '../../fakes/pod-context.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const pod = '/var/lib/kubelet/pods/uid1';
const emptyDir = `${pod}/volumes/kubernetes.io~empty-dir/v`;

/** A machine whose `mount` says what it is told to say, and remembers what it was asked for. */
class Machine {
  readonly files = new MemoryHost({ '/there/file': 'x', '/proc/self/mountinfo': '' });
  readonly log = recordingLog();
  readonly mounts: string[] = [];
  readonly pulled: string[] = [];
  mountAnswer = '';

  async prepare(volumes: readonly Volume[], spec: Partial<PodSpec> = {}): Promise<MemoryHost> {
    const run = async (command: string, args: readonly string[]) => {
      this.mounts.push([command, ...args].join(' '));
      return { code: this.mountAnswer === '' ? 0 : 32, stdout: '', stderr: this.mountAnswer };
    };
    const host = Object.assign(this.files, aMachine(), { run });
    const images = { get: async (_uid: string, { image }: { image: string }) => this.pulled.push(image) };
    await prepareVolumes({ host, clock: new FakeClock(), log: this.log, images }, aPodContext({ volumes, ...spec }));
    return this.files;
  }
}

const hostPath = (path: string, type: NonNullable<Volume['hostPath']>['type']): readonly Volume[] => [
  { name: 'v', hostPath: { path, ...(type === undefined ? {} : { type }) } },
];
const prepare = (volumes: readonly Volume[]) => new Machine().prepare(volumes);

test('makes what the type says is to be made', async () => {
  assert.equal((await (await prepare(hostPath('/new/dir', 'DirectoryOrCreate'))).stat('/new/dir'))?.mode, 0o755);
  assert.equal((await (await prepare(hostPath('/there/new', 'FileOrCreate'))).stat('/there/new'))?.mode, 0o644);
  assert.equal((await (await prepare(hostPath('/bare', ''))).stat('/bare'))?.kind, 'directory');
  assert.equal((await (await prepare([{ name: 'v', emptyDir: {} }])).stat(emptyDir))?.mode, 0o777);
});

test('refuses what does not fit, and says what is there', async () => {
  await assert.rejects(prepare(hostPath('/there/file', 'Directory')), /volume v is not ready/);
  await assert.rejects(prepare(hostPath('/gone', 'File')), (thrown: Error) =>
    /is not there/.test(String(thrown.cause)),
  );
  await assert.rejects(prepare(hostPath('/no/where', 'FileOrCreate')), (thrown: Error) =>
    /its directory is not there/.test(String(thrown.cause)),
  );
});

test('refuses by name what needs a plugin, huge pages, and on processes what needs a file of the pod’s own', () => {
  const refusals = (volumes: readonly Volume[]) => volumeRefusals(aPodContext({ volumes }));
  assert.match(refusals([{ name: 'v', nfs: {} }])[0] ?? '', /nfs needs a volume plugin.*use a hostPath/);
  assert.match(refusals([{ name: 'v', cinder: {} }])[0] ?? '', /kind cinder are not supported/);
  assert.match(refusals([{ name: 'v', emptyDir: { medium: 'HugePages-2Mi' } }])[0] ?? '', /HugePages-2Mi/);
  assert.deepEqual(
    refusals([
      { name: 'v', image: { reference: 'a/b:1' } },
      { name: 'w', downwardAPI: {} },
    ]),
    [],
  );
  const spec: Partial<PodSpec> = { hostAliases: [{ ip: '192.0.2.1' }], dnsConfig: {} };
  assert.deepEqual(volumeRefusals(aPodContext(spec)), []);
  assert.equal(volumeRefusals(aPodContext(spec, { hasMounts: false })).length, 2);
});

test('an emptyDir is made once: what containers change in it stays', async () => {
  const machine = new Machine();
  const files = await machine.prepare([{ name: 'v', emptyDir: {} }]);
  await files.setMode(emptyDir, 0o700);
  await machine.prepare([{ name: 'v', emptyDir: {} }]);
  assert.equal((await files.stat(emptyDir))?.mode, 0o700);
  assert.deepEqual(machine.mounts, []);
});

test('an emptyDir belongs to fsGroup, and so does what is made in it', async () => {
  const files = await new Machine().prepare([{ name: 'v', emptyDir: {} }], { securityContext: { fsGroup: 2000 } });
  const { mode, gid } = (await files.stat(emptyDir)) ?? {};
  assert.deepEqual([mode, gid], [0o2777, 2000]);
});

test('memory is mounted with the smallest of the limits, else half of the machine’s, and only once', async () => {
  const sizeOf = async (volume: Volume['emptyDir'], limit?: string) => {
    const machine = new Machine();
    const container = {
      ...aPodContext().desired.pod.spec.containers[0],
      resources: limit ? { limits: { memory: limit } } : {},
    };
    await machine.prepare([{ name: 'v', emptyDir: { medium: 'Memory', ...volume } }], {
      containers: [container as never],
    });
    return /size=(\d+)/.exec(machine.mounts[0] ?? '')?.[1];
  };
  assert.equal(await sizeOf({}), String(2 * 2 ** 30));
  assert.equal(await sizeOf({ sizeLimit: '64Mi' }), String(64 * 2 ** 20));
  assert.equal(await sizeOf({ sizeLimit: '64Mi' }, '32Mi'), String(32 * 2 ** 20));
  assert.equal(await sizeOf({}, '1Gi'), String(2 ** 30));
  assert.equal(await sizeOf({ sizeLimit: '100Gi' }), String(4 * 2 ** 30));
  const machine = new Machine();
  machine.files.seed('/proc/self/mountinfo', `30 1 0:5 / ${emptyDir} rw - tmpfs tmpfs rw\n`);
  await machine.prepare([{ name: 'v', emptyDir: { medium: 'Memory' } }]);
  assert.deepEqual(machine.mounts, []);
});

test('memory is mounted again when the machine was restarted', async () => {
  const machine = new Machine();
  await machine.prepare([{ name: 'v', emptyDir: { medium: 'Memory' } }]);
  await machine.prepare([{ name: 'v', emptyDir: { medium: 'Memory' } }]);
  assert.equal(machine.mounts.length, 2);
});

test('where we may not mount, memory is a directory, said once; another failure is one', async () => {
  const machine = new Machine();
  machine.mountAnswer = 'mount: /x: permission denied.';
  for (let start = 0; start < 2; start++) await machine.prepare([{ name: 'v', emptyDir: { medium: 'Memory' } }]);
  assert.equal(machine.log.warnings.length, 1);
  assert.match(machine.log.warnings[0] ?? '', /in memory is on disk/);
  machine.mountAnswer = 'mount: bad option';
  await assert.rejects(machine.prepare([{ name: 'w', emptyDir: { medium: 'Memory' } }]));
});

test('a limit on disk is said not to be enforced', async () => {
  const machine = new Machine();
  for (let start = 0; start < 2; start++) await machine.prepare([{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }]);
  assert.equal(machine.log.warnings.filter((text) => text.includes('not enforced')).length, 1);
});

test('an image volume gets its image', async () => {
  const machine = new Machine();
  await machine.prepare([{ name: 'v', image: { reference: 'example/data:1' } }]);
  assert.deepEqual(machine.pulled, ['example/data:1']);
  assert.equal(
    volumePaths(aPodContext({ volumes: [{ name: 'v', image: {} }] }).desired.pod, aPodContext().paths).get('v'),
    '',
  );
});
