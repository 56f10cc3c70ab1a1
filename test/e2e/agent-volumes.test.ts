import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, it } from 'node:test';
import { archive } from '../components/locations.ts';
import { eventually, expectCode, run } from './support/command.ts';
import { engineOf, engineUnderTest } from './support/engine.ts';
import { LoneAgent } from './support/lone-agent.ts';
import { writeShellImage } from './support/shell-image.ts';
import { agnhost, ended, held, podManifest, telling, told } from './support/telling-pods.ts';
import { volumePods } from './support/volume-pods.ts';

const host = mkdtempSync(join(tmpdir(), 'volumes-'));
const config = join(host, 'kubelet.yaml');
const agent = new LoneAgent(engineUnderTest, dirname(archive('agnhost')), ['--config', config]);
const socket = createServer();
let canMount = false;
let dockerApi = 0;

const linesOf = (text = '') => text.split('\n');
const only = async (name: string) => linesOf((await told(agent, name))[0]);
const parts = async (name: string) => ((await told(agent, name))[0] ?? '').split('\n---\n').map(linesOf);
const podDirectory = async (name: string) => {
  const { pod } = await agent.pod(`${name}-node1`, () => true);
  return join(agent.root, 'var/lib/kubelet/pods', pod.metadata.uid ?? '');
};
const mountsIn = (path: string) =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${path}/`));

/** The minor number of its API's version. */
async function dockerApiVersion(): Promise<number> {
  const { stdout } = expectCode(await run('docker', ['version', '--format', '{{.Server.APIVersion}}']), 0);
  return Number(stdout.trim().split('.')[1]);
}

/** Docker gives such a container every capability; containerd only those that it has itself. */
async function canBePrivileged(): Promise<boolean> {
  if (engineUnderTest === 'cri') return true;
  const words = ['run', '--rm', '--privileged', '--entrypoint', '/bin/true', agnhost];
  return (await run('docker', words)).code === 0;
}

before(async () => {
  for (const dir of ['dir', 'parts/sub', 'race', 'shared']) mkdirSync(join(host, dir), { recursive: true });
  for (const file of ['file', 'late', 'parts/sub/file']) writeFileSync(join(host, file), `${file}\n`);
  symlinkSync('/etc', join(host, 'parts/escape'));
  writeFileSync(join(host, 'resolv.conf'), 'nameserver 192.0.2.2\nsearch lan\noptions timeout:3\n');
  await new Promise<void>((done) => socket.listen(join(host, 'socket'), done));
  writeFileSync(
    config,
    `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: ${join(host, 'resolv.conf')}
`,
  );
  const shared = join(host, 'shared');
  canMount = (await run('mount', ['-t', 'tmpfs', 'tmpfs', shared])).code === 0;
  if (canMount) expectCode(await run('mount', ['--make-shared', shared]), 0);
  dockerApi = engineUnderTest === 'docker' ? await dockerApiVersion() : 0;
  for (const [name, form] of Object.entries(volumePods(host))) agent.write(`${name}.json`, podManifest(name, form));
  await agent.start();
});

after(async () => {
  socket.close();
  await agent.destroy();
  if (canMount) await run('umount', ['--recursive', join(host, 'shared')]);
  assert.deepEqual([...mountsIn(agent.root), ...mountsIn(host)], []);
  rmSync(host, { recursive: true });
});

it('makes and checks hostPaths of every type', async () => {
  assert.deepEqual(await only('host-paths'), [
    '/v/any directory 755',
    '/v/dir directory 755',
    '/v/new-dir directory 755',
    '/v/file regular file 644',
    '/v/new-file regular empty file 644',
    '/v/socket socket',
    '/v/device character special file',
  ]);
});

it('holds a pod whose hostPath is of another type, and runs it once that is put right', async () => {
  assert.match(await held(agent, 'wrong-type', /is a file/), /hostPath .*late is a file, but its type says Directory/);
  await held(agent, 'wrong-parent', /cannot be made: its directory is not there/);
  rmSync(join(host, 'late'));
  mkdirSync(join(host, 'late'));
  assert.deepEqual(await only('wrong-type'), ['']);
});

it('keeps an emptyDir over restarts of its container, with the mode that was given to it', async () => {
  const [status] = await ended(agent, 'scratch');
  assert.equal(status?.restartCount, 1);
  assert.deepEqual(linesOf(status.state.terminated?.message?.trim()), ['directory 750', '777']);
});

it('mounts an emptyDir in memory of the size asked for, and takes it off with the pod', async () => {
  const [file, mode, type, size, full] = await only('memory');
  assert.deepEqual([file, mode], ['from-init', '777']);
  const directory = await podDirectory('memory');
  if (canMount) assert.deepEqual([type, size, full], ['tmpfs', '1024', '1']);
  assert.equal(mountsIn(directory).length, canMount ? 1 : 0);
  agent.remove('memory.json');
  await agent.gone('memory-node1');
  assert.deepEqual(mountsIn(directory), []);
  await assert.rejects(async () => readFileSync(join(directory, 'etc-hosts')));
});

it('writes downwardAPI files that fsGroup may read, behind links that change all at once', async () => {
  const [name, app, tier, note, more, memory, cpu, own, other, link, deep, data, touch] = await only('downward');
  assert.deepEqual([name, app, tier], ['downward-node1', 'app="down"', 'tier="x"']);
  assert.deepEqual([note, more, memory, cpu], ['two', 'lines', '64', '250']);
  assert.deepEqual([own, other], ['440 3000', '444 3000']);
  assert.deepEqual([link, deep], ['..data/name', '..data/deep']);
  assert.match(data ?? '', /^\.\.\d{4}(_\d\d){5}\.\d+$/);
  assert.match(touch ?? '', /Read-only file system/);
});

it('projects downwardAPI files into one read-only volume, in which another one may be mounted', async () => {
  assert.deepEqual(await only('projected'), ['projected-node1', 'default', '440', '1', 'x']);
  assert.equal((await told(agent, 'projected'))[1], 'terminal');
});

it('shows parts of volumes by subPath and subPathExpr, and makes missing ones with the mode of the volume', async () => {
  assert.deepEqual(await only('parts'), [
    'parts/sub/file',
    'parts/sub/file',
    '777',
    '/whole/`ls`',
    '/whole/escape',
    '/whole/of',
    '/whole/sub',
    'touch: /sub/y: Read-only file system',
  ]);
  assert.equal(readFileSync(join(host, 'parts/of/parts-node1/x'), 'utf8'), 'x\n');
  const directory = await podDirectory('parts');
  assert.equal(mountsIn(directory).length, 5);
  agent.remove('parts.json');
  await agent.gone('parts-node1');
  assert.deepEqual(mountsIn(directory), []);
  assert.equal(readFileSync(join(host, 'parts/sub/file'), 'utf8'), 'parts/sub/file\n');
});

it('refuses a subPath that leads out, until the manifest is put right', async () => {
  await held(agent, 'part-up', /CreateContainerConfigError: .*must not hold '\.\.'/);
  await held(agent, 'part-absolute', /CreateContainerConfigError: .*must not be an absolute path/);
  await held(agent, 'part-unset', /\$\(NOBODY\), which is not set/);
  await held(agent, 'part-link', /CreateContainerConfigError: .*leads out of its directory/);
  const volumes = [{ name: 'v', hostPath: { path: join(host, 'parts') } }];
  const mounted = telling('cat /v/file', {
    env: [{ name: 'WHERE', value: 'sub' }],
    volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(WHERE)' }],
  });
  agent.write('part-up.json', podManifest('part-up', { volumes, containers: [mounted] }));
  assert.deepEqual(await only('part-up'), ['parts/sub/file']);
});

it('never shows what is outside to a container whose subPath another one swaps for a link meanwhile', async () => {
  await agent.pod('swapper-node1');
  const mounted = telling('cat /v/hostname || echo own', {
    volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'swap' }],
  });
  const volumes = [{ name: 'v', hostPath: { path: join(host, 'race') } }];
  const containers = Array.from({ length: 6 }, () => mounted);
  agent.write('victim.json', podManifest('victim', { volumes, containers }));
  const statuses = await ended(agent, 'victim');
  const seen = statuses.map(({ state }) => state.terminated?.message?.trim() ?? '');
  assert.ok(
    seen.every((text) => text.endsWith('own')),
    JSON.stringify(statuses),
  );
  for (const name of ['victim', 'swapper']) agent.remove(`${name}.json`);
});

it('passes mounts of the host on where HostToContainer says so', async () => {
  const shared = join(host, 'shared');
  const waiting = telling('for i in $(seq 100); do [ -e /v/later/x ] && break; sleep 0.1; done; ls /v/later', {
    volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'HostToContainer' }],
  });
  mkdirSync(join(shared, 'later'), { recursive: true });
  const volumes = [{ name: 'v', hostPath: { path: shared } }];
  agent.write('passed.json', podManifest('passed', { volumes, containers: [waiting] }));
  if (!canMount) {
    await held(agent, 'passed', /not a shared or slave mount/);
    return;
  }
  await agent.pod('passed-node1');
  expectCode(await run('mount', ['-t', 'tmpfs', 'tmpfs', join(shared, 'later')]), 0);
  writeFileSync(join(shared, 'later/x'), '');
  assert.deepEqual(await only('passed'), ['x']);
});

it('passes mounts of a privileged container on to the host where Bidirectional says so', async () => {
  const shared = join(host, 'shared');
  const mounting = telling('mkdir /v/out && mount -t tmpfs tmpfs /v/out && touch /v/out/y', {
    securityContext: { privileged: true },
    volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' }],
  });
  const volumes = [{ name: 'v', hostPath: { path: shared } }];
  agent.write('both-ways.json', podManifest('both-ways', { volumes, containers: [mounting] }));
  if (canMount && (await canBePrivileged())) {
    await told(agent, 'both-ways');
    assert.equal(readFileSync(join(shared, 'out/y'), 'utf8'), '');
    return;
  }
  const [status] = canMount ? await ended(agent, 'both-ways').catch(() => []) : [];
  if (status === undefined) await held(agent, 'both-ways', /not permitted|permission denied|not a shared mount/);
  else assert.equal(status.state.terminated?.reason, 'ContainerCannotRun');
});

it('writes /etc/hosts: with names and aliases, the host’s own on its network, none where one is mounted', async () => {
  const [hosts = [], resolv = [], [name, address] = []] = await parts('named');
  assert.equal(name, 'db');
  assert.equal(hosts[0], '# Kubernetes-managed hosts file.');
  assert.ok(hosts.includes(`${address}\tdb.peers.default.svc.cluster.local\tdb`));
  assert.deepEqual(hosts.slice(-2), ['# Entries added by HostAliases.', '192.0.2.1\tfoo\tbar']);
  assert.deepEqual(resolv.sort(), [
    'nameserver 10.96.0.10',
    'nameserver 192.0.2.53',
    'options ndots:2',
    'search default.svc.cluster.local svc.cluster.local cluster.local lan own.example',
  ]);
  const [onHost = []] = await parts('host-network');
  const machine = readFileSync('/etc/hosts', 'utf8').trimEnd().split('\n');
  assert.deepEqual(onHost.slice(0, machine.length + 1), [
    '# Kubernetes-managed hosts file (host network).',
    ...machine,
  ]);
  assert.equal(onHost.at(-1), '192.0.2.1\tfoo\tbar');
  assert.deepEqual(await only('own-hosts'), ['file']);
});

it('gives each dnsPolicy its resolv.conf and each pod its hostname', async () => {
  const ofHost = ['nameserver 192.0.2.2', 'options timeout:3', 'search lan'];
  const [, onHost, [hostname] = []] = await parts('host-network');
  assert.deepEqual(onHost?.sort(), ofHost);
  assert.equal(hostname, expectCode(await run('hostname', []), 0).stdout.trim());
  assert.deepEqual(await parts('whole-name'), [['db.peers.default.svc.cluster.local'], ['nameserver 192.0.2.53']]);
  const [name, resolv] = await parts('other-name');
  assert.deepEqual([name, resolv?.sort()], [['other.example'], ofHost]);
  assert.deepEqual((await only('cluster-host-net')).sort(), [
    'nameserver 10.96.0.10',
    'options ndots:5',
    'search default.svc.cluster.local svc.cluster.local cluster.local lan',
  ]);
});

it('expands variables in variables, commands and arguments', async () => {
  const { stdout } = expectCode(await run('nproc', []), 0);
  assert.deepEqual(await only('expansion'), [
    'X_A=a',
    'X_B=a;;$(X_LATER)',
    `X_CPU=${stdout.trim()}`,
    'X_LABEL=exp',
    'X_LATER=$(X_A)',
    'X_MEM=10',
    'X_NODE=node1',
    'cmd-a arg-a;;$(X_LATER)-$(X_A) a',
  ]);
});

it('runs the image’s own words, or the pod’s command and arguments in their place', async () => {
  const image = `kube-bootstrap.test/words:${process.pid}`;
  const archive = join(host, 'words.tar');
  const words = (name: string) => ['/bin/sh', '-c', `echo "${name} $*" >/dev/termination-log`, 'sh'];
  await writeShellImage(image, archive, { Entrypoint: words('image'), Cmd: ['default'] });
  const engine = engineOf(engineUnderTest);
  await engine.load(archive);
  const containers = [
    { image },
    { image, args: ['own'] },
    { image, command: words('pod') },
    { image, command: words('pod'), args: ['own'] },
  ];
  agent.write('words.json', podManifest('words', { containers }));
  assert.deepEqual(await told(agent, 'words'), ['image default', 'image own', 'pod', 'pod own']);
  agent.remove('words.json');
  await agent.gone('words-node1');
  await engine.removeImages(image);
});

it('takes variables from a file that an init container wrote, never through a link that leads out', async () => {
  assert.deepEqual(await only('env-file'), ['one|two', 'lines|0|got-one']);
  await held(agent, 'env-file-away', /CreateContainerConfigError: env A: .*leads out/);
});

it('reads termination messages from their file, at a custom path too, and from the log on an error alone', async () => {
  const messages = (await ended(agent, 'messages')).map(({ state }) => state.terminated?.message ?? '');
  assert.deepEqual(messages.slice(0, 5), ['DONE', 'DONE', 'DONE', '', 'OK']);
  assert.equal(messages[5]?.length, 4096);
});

it('gives emptyDirs to fsGroup, and the container its groups', async () => {
  const [user, group, groups = '', disk, memory, ...made] = await only('group');
  assert.deepEqual([user, group], ['1000', '1001']);
  assert.deepEqual(new Set(groups.split(' ')), new Set(['1001', '2000', '2001']));
  assert.deepEqual([disk, memory], ['2777 2000', '2777 2000']);
  assert.deepEqual(made, ['1000 2000', '1000 2000']);
});

it('mounts read-only, also what is below where the engine can, and says where it cannot', async () => {
  const lines = await only('read-only');
  assert.equal(lines.filter((line) => line.includes('Read-only file system')).length, 2);
  assert.deepEqual(lines.slice(-3), ['written', '/', 'no-tty']);
  if (dockerApi >= 44) assert.match((await told(agent, 'read-only-all'))[0] ?? '', /refused/);
  else await held(agent, 'read-only-all', /recursiveReadOnly/);
});

it('shows an image as a volume where the engine can, and names what it cannot have', async () => {
  if (dockerApi >= 48) assert.match((await told(agent, 'image-volume'))[0] ?? '', /pause/);
  else await held(agent, 'image-volume', engineUnderTest === 'cri' ? /image volumes .*CRI/ : /image volume.*1\.48/);
  await held(agent, 'nfs', /nfs needs a volume plugin/);
  await held(agent, 'huge-pages', /medium HugePages is not supported/);
});

it('takes off what a killed agent left mounted of pods that are gone', async () => {
  const directory = await podDirectory('group');
  assert.equal(mountsIn(directory).length, canMount ? 1 : 0);
  await agent.end('SIGKILL');
  agent.remove('group.json');
  await agent.start();
  await agent.gone('group-node1');
  await eventually('its directory is gone', () => mountsIn(directory).length === 0);
});
