import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { archive } from '../components/locations.ts';
import { eventually, expectCode } from './support/command.ts';
import { engineOf, engineUnderTest } from './support/engine.ts';
import { freePort, idOf, isReady, KubeletUnit, statusOf } from './support/kubelet-unit.ts';
import { writeShellImage } from './support/shell-image.ts';
import { checkMetrics } from './support/standalone-metrics.ts';
import { server, standalonePods } from './support/standalone-pods.ts';

const archives = ['--image-archives', dirname(archive('agnhost'))];
const node = hostname().toLowerCase();
const engine = `--container-runtime-endpoint=${engineOf(engineUnderTest).endpoint}`;
const tag = Math.random().toString(16).slice(2, 10);
const myapp = `kube-bootstrap.test/myapp:${tag}`;
const unit = new KubeletUnit();

before(async () => {
  const file = join(unit.root, 'myapp.tar');
  await writeShellImage(myapp, file);
  await unit.engine.load(file);
});

after(async () => {
  await unit.engine.removeImages(myapp);
});

/** The pod of the lesson; its container says who it is, then waits. */
const myappPod = (version: string) => `apiVersion: v1
kind: Pod
metadata:
  name: myapp-pod
  labels:
    app: myapp
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: myapp-container
    image: ${myapp}
    command: ['/bin/sh', '-c', 'echo Hello Kubernetes ${version}; trap "exit 0" TERM; sleep 1000000 & wait']
`;

test('a kubelet’s unit with its flags: pods come, come back, change and go; status, logs and metrics tell', async (t) => {
  t.after(() => unit.destroy());
  const [healthz, readOnly] = [await freePort(), await freePort()];
  const flags = [
    ...[engine, `--pod-manifest-path=${unit.manifests}`, `--kubeconfig=${join(unit.root, 'none.conf')}`],
    ...['--network-plugin=cni', '--register-node=true', '--v=2', '--cgroup-driver=systemd', ...archives],
    ...[`--read-only-port=${readOnly}`, '--address=127.0.0.1'],
  ];
  await unit.start(flags, healthz);
  const name = `myapp-pod-${node}`;
  unit.write('myapp.yaml', myappPod('one'));
  unit.write('deployment.yaml', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n');
  const first = await unit.pod(readOnly, name);
  const uid = first.metadata.uid ?? '';
  const names = (attempt: number, of = uid) => [
    `k8s_POD_${name}_default_${of}_0`,
    `k8s_myapp-container_${name}_default_${of}_${attempt}`,
  ];
  assert.match(uid, /^[0-9a-f]{32}$/);
  assert.deepEqual(await unit.names(), names(0));

  const log = unit.log();
  const idle = ['--cgroup-driver', ...(engineUnderTest === 'docker' ? ['--network-plugin'] : [])].join(', ');
  assert.equal(log.split(`mean nothing here: ${idle}\n`).length, 2, log);
  assert.equal(log.match(/--kubeconfig \S+none\.conf is not there: static pods run without/g)?.length, 1);
  const status = await unit.bootstrap('status');
  expectCode(status, 1);
  assert.match(status.stdout, new RegExp(`^${name} +1/1 +Running +0 `, 'm'));
  assert.match(status.stdout, /^deployment\.yaml +Refused +deployment\.yaml:1:1: .*Deployment/m);
  assert.match(status.stdout, /^problem +--kubeconfig/m);
  const document = JSON.parse((await unit.bootstrap('status', '-o', 'json')).stdout) as { pods: { ready: boolean }[] };
  assert.deepEqual(
    document.pods.map(({ ready }) => ready),
    [true],
  );

  const following = unit.follow('logs', 'myapp-pod', '-f');
  await eventually('the log is followed', () => following.printed() !== '' || undefined);
  await unit.kill(idOf(statusOf(first, 'myapp-container')));
  const again = await unit.pod(
    readOnly,
    name,
    (pod) => isReady(pod) && statusOf(pod, 'myapp-container').restartCount === 1,
  );
  assert.equal(statusOf(again, 'myapp-container').lastState.terminated?.exitCode, 137);
  assert.ok((await unit.names()).includes(names(1)[1] ?? ''));
  const logs = async (...args: readonly string[]) => (await unit.bootstrap('logs', 'myapp-pod', ...args)).stdout;
  assert.equal(await logs(), 'Hello Kubernetes one\n');
  assert.equal(await logs('--previous', '--prefix'), `[pod/${name}/myapp-container] Hello Kubernetes one\n`);
  assert.match(
    await logs('--timestamps', '--since', '1h', '--tail', '1'),
    /^\d{4}-\d\d-\d\dT\S+Z Hello Kubernetes one\n$/,
  );
  assert.equal(await logs('-c', 'myapp-container', '--limit-bytes', '5'), 'Hello');
  const unknown = await unit.bootstrap('logs', 'myap-pod');
  expectCode(unknown, 3);
  assert.match(unknown.stderr, /did you mean myapp-pod\?/);
  assert.equal((await unit.bootstrap('completion', 'pods')).stdout, 'myapp-pod\n');

  await eventually(
    'both attempts are shown',
    () => following.printed() === 'Hello Kubernetes one\n'.repeat(2) || undefined,
  );
  await following.end();
  checkMetrics(await unit.http(readOnly, '/metrics'), name);

  unit.write('myapp.yaml', myappPod('two'));
  const changed = await unit.pod(readOnly, name, (pod) => isReady(pod) && pod.metadata.uid !== uid);
  await eventually('only the new pod is there', async () => {
    return JSON.stringify(await unit.names()) === JSON.stringify(names(0, changed.metadata.uid)) || undefined;
  });

  await unit.end('SIGTERM');
  assert.deepEqual(await unit.names(), names(0, changed.metadata.uid));
  const alone = await unit.bootstrap('status');
  expectCode(alone, 1);
  assert.match(alone.stdout, new RegExp(`^${name} +myapp-container +running +0`, 'm'));
  assert.equal(await logs(), 'Hello Kubernetes two\n');

  await unit.start(flags, healthz);
  unit.remove('myapp.yaml');
  await eventually('it is gone', async () => (await unit.names()).length === 0 || undefined);
});

test('a file with just staticPodPath, read again on SIGHUP; the standalone cases of the kubelet', async (t) => {
  const agent = new KubeletUnit();
  t.after(() => agent.destroy());
  const [healthz, readOnly, served] = [await freePort(), await freePort(), await freePort()];
  const config = join(agent.root, 'config.yaml');
  writeFileSync(config, `staticPodPath: ${agent.manifests}\n`);
  const flags = ['--config', config, engine, ...archives];
  const name = (pod: string) => `${pod}-${node}`;
  await agent.start(flags, healthz);
  for (const [pod, text] of Object.entries(standalonePods(myapp, served))) agent.write(`${pod}.yaml`, text);
  await eventually('pods run', async () => (await agent.names()).some((found) => found.includes(name('ready'))));
  await assert.rejects(agent.http(readOnly, '/pods'));
  const before = (await agent.names()).filter((found) => found.startsWith('k8s_POD_'));

  const reloaded = (times: number) =>
    eventually('the configuration was read again', () => agent.log().split('SIGHUP:').length > times || undefined);
  writeFileSync(config, `staticPodPath: ${agent.manifests}\nreadOnlyPort: ${readOnly}\naddres: 127.0.0.1\n`);
  agent.signal('SIGHUP');
  await reloaded(1);
  assert.match(agent.log(), /configuration stays as it was/);
  assert.match(agent.log(), /config\.yaml:3:1: error: addres: there is no such field; did you mean address\?/);
  await assert.rejects(agent.http(readOnly, '/pods'));

  writeFileSync(config, `staticPodPath: ${agent.manifests}\nreadOnlyPort: ${readOnly}\naddress: 127.0.0.1\n`);
  agent.signal('SIGHUP');
  await reloaded(2);
  assert.match(agent.log(), /configuration read again: address, readOnlyPort changed/);

  // S1: it runs and becomes ready by its exec probe.
  const ready = await agent.pod(readOnly, name('ready'));
  assert.equal(statusOf(ready, 'app').restartCount, 0);
  assert.equal(ready.status?.phase, 'Running');
  const now = await agent.names();
  for (const sandbox of before) assert.ok(now.includes(sandbox), `${sandbox} is not there any more`);

  // S2: environment from a file that an init container wrote.
  const fromFile = await agent.pod(readOnly, name('env-file'));
  const told = await agent.bootstrap('logs', 'env-file');
  assert.equal(told.stdout, 'GREETING=hello from a file\n', JSON.stringify(fromFile.status));

  // S3: another container name on the same port of the host.
  const old = await agent.pod(readOnly, name('server'));
  assert.equal(await agent.http(served, '/echo?msg=one'), 'one');
  agent.write('server.yaml', server(served, 'renamed'));
  await agent.pod(readOnly, name('server'), (pod) => isReady(pod) && pod.metadata.uid !== old.metadata.uid);
  assert.equal(await agent.http(served, '/echo?msg=two'), 'two');

  // S4: another namespace, for which the kubelet finds its own port taken.
  agent.write('server.yaml', server(served, 'renamed', 'other'));
  const moved = await agent.pod(readOnly, name('server'), (pod) => isReady(pod) && pod.metadata.namespace === 'other');
  assert.equal(moved.status?.reason, undefined);
  assert.equal(await agent.http(served, '/echo?msg=three'), 'three');

  // S6: an exit code that restarts all containers of the pod.
  const round = await agent.pod(readOnly, name('rounds'), (pod) => statusOf(pod, 'keeper').restartCount >= 1);
  assert.ok(statusOf(round, 'starter').restartCount >= 1);

  // S5, S7: the init container's record is removed, the agent is killed and comes back.
  const withInit = await agent.pod(readOnly, name('with-init'));
  await agent.end('SIGKILL');
  await agent.engine.remove(idOf(statusOf(withInit, 'first')));
  await agent.start(flags, healthz);
  const forgotten = await agent.pod(readOnly, name('with-init'));
  assert.equal(statusOf(forgotten, 'first').state.terminated?.reason, 'Completed');
  assert.match(statusOf(forgotten, 'first').state.terminated?.message ?? '', /^Unable to get init container status/);
  assert.equal(statusOf(forgotten, 'app').containerID, statusOf(withInit, 'app').containerID);
  const same = await agent.pod(readOnly, name('ready'));
  assert.equal(statusOf(same, 'app').containerID, statusOf(ready, 'app').containerID);
  assert.doesNotMatch(agent.log(), /TypeError|bug:|Unhandled/);

  for (const pod of Object.keys(standalonePods(myapp, served))) agent.remove(`${pod}.yaml`);
  await eventually('all are gone', async () => (await agent.names()).length === 0 || undefined, 60_000);
});
