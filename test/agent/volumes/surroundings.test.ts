import assert from 'node:assert/strict';
import test from 'node:test';
import { planSurroundings, prepareSurroundings } from '../../../src/agent/volumes/surroundings.ts';
import type { HeldPath, HoldOptions } from '../../../src/host/host.ts';
import type { Container, VolumeMount } from '../../../src/kube/types.ts';
import { aContainer } from '../../fakes/agent-builders.ts';
import { aMachine, MemoryHost } from '../../fakes/memory-host.ts';
import { aPodContext } from '../../fakes/pod-context.ts';

const volumes = [
  { name: 'v', hostPath: { path: '/data' } },
  { name: 'e', emptyDir: {} },
  { name: 'd', downwardAPI: {} },
  { name: 'i', image: { reference: 'example/data:1' } },
];
const pod = '/var/lib/kubelet/pods/uid1';
const envFile = `${pod}/volumes/kubernetes.io~empty-dir/e/env`;

function machine(files: Readonly<Record<string, string>> = {}) {
  const host = new MemoryHost({ '/data/sub/file': 'x', '/etc/hosts': '', '/proc/self/mountinfo': '', ...files });
  const ran: string[] = [];
  const run = async (command: string, args: readonly string[]) => {
    ran.push([command, ...args].join(' '));
    return { code: 0, stdout: '', stderr: '' };
  };
  const holdInside = async <T>(
    base: string,
    path: string,
    _options: HoldOptions,
    use: (held: HeldPath) => Promise<T>,
  ) => {
    const info = await host.stat(`${base}/${path}`);
    if (info === undefined) throw Object.assign(new Error(`${path} is not there`), { code: 'ENOENT' });
    return use({ path: `${base}/${path}`, isDirectory: info.kind === 'directory' });
  };
  return { ran, files: host, host: Object.assign(host, aMachine(), { run, holdInside }) };
}

const context = (hasMounts = true) => aPodContext({ volumes }, { hasMounts });
const start = (change: Partial<Container>) => ({ container: aContainer(change), attempt: 0, podIPs: ['172.17.0.2'] });
const mounted = (mounts: readonly VolumeMount[], env: Container['env'] = []) =>
  planSurroundings(context(), start({ volumeMounts: mounts, env })).mounts[0];

test('mounts say where from, where to, and how', () => {
  const mount = { name: 'v', mountPath: 'in', mountPropagation: 'HostToContainer' } as const;
  assert.deepEqual(mounted([mount]), {
    hostPath: '/data',
    containerPath: '/in',
    readOnly: false,
    propagation: 'rslave',
  });
  const recursive = { name: 'v', mountPath: '/in', readOnly: true, recursiveReadOnly: 'IfPossible' } as const;
  assert.equal(mounted([recursive])?.recursiveReadOnly, 'IfPossible');
  assert.equal(mounted([{ name: 'd', mountPath: '/in' }])?.readOnly, true);
  const image = { hostPath: '', image: { reference: 'example/data:1', subPath: 'a' } };
  const { propagation, containerPath, readOnly, ...rest } =
    mounted([{ name: 'i', mountPath: '/in', subPath: 'a' }]) ?? {};
  assert.deepEqual(rest, image);
});

test('subPath and subPathExpr stay in their volume', async () => {
  const refused = async (mount: Partial<VolumeMount>, why: RegExp) =>
    assert.rejects(
      prepareSurroundings(
        machine().host,
        context(),
        start({ volumeMounts: [{ name: 'v', mountPath: '/in', ...mount }] }),
      ),
      why,
    );
  await refused({ subPath: 'a/../../b' }, /must not hold '\.\.'/);
  await refused({ subPath: '/etc' }, /must not be an absolute path/);
  await refused({ subPathExpr: '$(NAME)/x' }, /\$\(NAME\), which is not set/);
});

test('a part of a volume is mounted at a place of ours, held open, and the container gets that place', async () => {
  const { host, ran } = machine();
  const mount = { name: 'v', mountPath: '/in', subPathExpr: '$(WHICH)' };
  const env = [{ name: 'WHICH', value: 'sub' }];
  const { mounts } = await prepareSurroundings(host, context(), start({ volumeMounts: [mount], env }));
  const target = `${pod}/volume-subpaths/v/app/0`;
  assert.equal(mounts[0]?.hostPath, target);
  assert.deepEqual(ran, [`mount --no-canonicalize --bind /data/sub ${target}`]);
});

test('a program without mounts uses the part of the volume where it is', async () => {
  const { host, ran } = machine();
  const volumeMounts = [{ name: 'v', mountPath: '/data/sub', subPath: 'sub' }];
  const { mounts } = await prepareSurroundings(host, context(false), start({ volumeMounts }));
  assert.deepEqual([mounts.length, mounts[0]?.hostPath, ran], [1, '/data/sub', []]);
});

test('/etc/hosts and the termination log are mounted unless the container mounts something there', async () => {
  const places = async (volumeMounts: readonly VolumeMount[]) => {
    const { host, files } = machine();
    const { mounts } = await prepareSurroundings(host, context(), start({ volumeMounts }));
    return [mounts.map(({ containerPath }) => containerPath), files.text(`${pod}/etc-hosts`) !== undefined];
  };
  assert.deepEqual(await places([]), [['/etc/hosts', '/dev/termination-log'], true]);
  assert.deepEqual(await places([{ name: 'v', mountPath: '/etc/hosts' }]), [
    ['/etc/hosts', '/dev/termination-log'],
    false,
  ]);
});

test('fileKeyRef reads what an init container wrote, and leaves out what is optional and not there', async () => {
  const env = (optional?: boolean, key = 'K') => [
    {
      name: 'A',
      valueFrom: { fileKeyRef: { volumeName: 'e', path: 'env', key, ...(optional === undefined ? {} : { optional }) } },
    },
    { name: 'B', value: '$(A)!' },
  ];
  const { host } = machine({ [envFile]: "K='v'\n" });
  const values = async (from: typeof host, entries: ReturnType<typeof env>) =>
    Object.fromEntries((await prepareSurroundings(from, context(), start({ env: entries }))).env);
  assert.deepEqual(await values(host, env()), { A: 'v', B: 'v!' });
  assert.deepEqual(await values(host, env(true, 'L')), { B: '$(A)!' });
  await assert.rejects(values(host, env(false, 'L')), /env A: env of volume e has no L/);
  await assert.rejects(values(machine().host, env()), /has no K/);
  assert.deepEqual(await values(machine().host, env(true)), { B: '$(A)!' });
  await assert.rejects(values(machine({ [envFile]: 'nonsense' }).host, env()), /env A/);
  assert.deepEqual(Object.fromEntries(planSurroundings(context(), start({ env: env() })).env), { B: '$(A)!' });
});
