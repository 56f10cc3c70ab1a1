import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GrpcAnswer, type GrpcCall, GrpcConnectError } from '../../src/host/grpc-call.ts';
import type { HttpRequest } from '../../src/host/host.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { chooseRuntime, imageStoreDir, openRuntime, socketPathOf } from '../../src/runtime/open.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { recordingLog } from '../fakes/recording-log.ts';

const dockerSocket = '/var/run/docker.sock';

const containerd = '/var/run/containerd/containerd.sock';
const crio = '/var/run/crio/crio.sock';

/** A machine where Docker answers on these sockets, and nothing on the others. */
function machine(...dockerSockets: readonly string[]) {
  return { ...machineWith({}), ...docker(dockerSockets) };
}

/** A machine without Docker where CRI is answered so, by socket. */
function machineWith(answers: Readonly<Record<string, Partial<GrpcAnswer> | GrpcConnectError>>) {
  const grpcCall = async ({ socketPath = '', method }: GrpcCall): Promise<GrpcAnswer> => {
    assert.equal(method, '/runtime.v1.RuntimeService/Version');
    const answer = answers[socketPath] ?? new GrpcConnectError('connect', { cause: new Error('connect ENOENT') });
    if (answer instanceof Error) throw answer;
    return { status: 0, details: '', message: versionAnswer('containerd'), ...answer };
  };
  return { ...docker([]), grpcCall };
}

/** VersionResponse: the version of the kubelet's API, the name of the runtime. */
function versionAnswer(name: string): Uint8Array {
  const field = (number: number, text: string) => [number * 8 + 2, text.length, ...Buffer.from(text)];
  return Uint8Array.from([...field(1, '0.1.0'), ...field(2, name), ...field(3, '1.6.20')]);
}

function docker(dockerSockets: readonly string[]) {
  const asked: string[] = [];
  const request = async (_url: string, { socketPath = '' }: HttpRequest = {}) => {
    asked.push(socketPath);
    if (!dockerSockets.includes(socketPath)) throw new Error('socket hang up');
    return { status: 200, headers: { 'api-version': '1.41' }, body: new Uint8Array() };
  };
  return { request, asked };
}

const what = ({ type, endpoint }: { type: string; endpoint: string | undefined }) => [type, endpoint];

describe('which runtime is meant', () => {
  it('is the one that is named, and no socket is asked', async () => {
    const host = machine(dockerSocket);
    const criSocket = 'unix:///run/containerd/containerd.sock';
    const planeRuntime = { type: 'docker' } as const;
    assert.deepEqual(what(await chooseRuntime({ host, runtime: { type: 'process' }, criSocket, planeRuntime })), [
      'process',
      undefined,
    ]);
    assert.deepEqual(what(await chooseRuntime({ host, runtime: { type: 'docker' } })), [
      'docker',
      'unix:///var/run/docker.sock',
    ]);
    const own = { type: 'docker', endpoint: 'unix:///run/user/1000/docker.sock' } as const;
    assert.deepEqual(what(await chooseRuntime({ host, runtime: own })), [
      'docker',
      'unix:///run/user/1000/docker.sock',
    ]);
    assert.deepEqual(host.asked, []);
  });

  it('is docker behind any endpoint that Docker answers on, whatever the file said it was', async () => {
    const host = machine('/run/other.sock');
    assert.deepEqual(what(await chooseRuntime({ host, criSocket: 'unix:///run/other.sock' })), [
      'docker',
      'unix:///run/other.sock',
    ]);
    assert.deepEqual(what(await chooseRuntime({ host, runtime: { endpoint: '/run/other.sock' } })), [
      'docker',
      '/run/other.sock',
    ]);
  });

  it('is cri behind any other endpoint, and docker where only its name says so', async () => {
    const host = machine();
    const endpoint = `unix://${containerd}`;
    assert.deepEqual(what(await chooseRuntime({ host, criSocket: endpoint })), ['cri', endpoint]);
    const stopped = 'unix:///srv/docker.sock';
    assert.deepEqual(what(await chooseRuntime({ host, runtime: { type: 'auto', endpoint: stopped } })), [
      'docker',
      stopped,
    ]);
    const old = 'unix:///var/run/dockershim.sock';
    assert.deepEqual(what(await chooseRuntime({ host, criSocket: old })), ['docker', 'unix:///var/run/docker.sock']);
  });

  it("prefers the runtime's endpoint to the CRI socket, and either to what the plane was made with", async () => {
    const host = machine('/a.sock', '/b.sock');
    const planeRuntime = { type: 'process' } as const;
    const both = { host, runtime: { endpoint: 'unix:///a.sock' }, criSocket: 'unix:///b.sock', planeRuntime };
    assert.deepEqual(what(await chooseRuntime(both)), ['docker', 'unix:///a.sock']);
    assert.deepEqual(what(await chooseRuntime({ host, criSocket: 'unix:///b.sock', planeRuntime })), [
      'docker',
      'unix:///b.sock',
    ]);
  });

  it('stays what the plane was made with, even where Docker has come up since', async () => {
    const host = machine(dockerSocket);
    const runtime = { type: 'auto', endpoint: undefined } as const;
    const choice = await chooseRuntime({ host, runtime, planeRuntime: { type: 'process' } });
    assert.deepEqual(what(choice), ['process', undefined]);
    assert.match(choice.because, /made with it/);
  });

  it('is Docker where it answers, else the one CRI runtime that does, else child processes', async () => {
    const both = { ...machineWith({ [containerd]: {} }), ...docker([dockerSocket]) };
    assert.deepEqual(what(await chooseRuntime({ host: both })), ['docker', `unix://${dockerSocket}`]);
    const choice = await chooseRuntime({ host: machineWith({ [crio]: { message: versionAnswer('cri-o') } }) });
    assert.deepEqual(what(choice), ['cri', `unix://${crio}`]);
    assert.equal(choice.because, `cri-o answers at unix://${crio}, and no Docker`);
    assert.deepEqual(what(await chooseRuntime({ host: machine() })), ['process', undefined]);
  });

  it('is refused with a list when no Docker and several CRI runtimes answer', async () => {
    const host = machineWith({ [containerd]: {}, [crio]: {} });
    await assert.rejects(chooseRuntime({ host }), (thrown: Error & { exitCode?: number; hint?: string }) => {
      assert.equal(thrown.message, `several container runtimes answer here: unix://${containerd}, unix://${crio}`);
      assert.match(thrown.hint ?? '', /--runtime-endpoint/);
      assert.equal(thrown.exitCode, 2);
      return true;
    });
    assert.deepEqual(what(await chooseRuntime({ host, criSocket: crio })), ['cri', crio]);
    assert.deepEqual(what(await chooseRuntime({ host, planeRuntime: { type: 'process' } })), ['process', undefined]);
  });

  it('is not a CRI runtime that is hung, or speaks only the API of before, and the reason tells so', async () => {
    const old = { status: 12, details: 'unknown service runtime.v1.RuntimeService' };
    const host = machineWith({ [containerd]: old, [crio]: new GrpcConnectError('no connection in time') });
    const choice = await chooseRuntime({ host });
    assert.deepEqual(what(choice), ['process', undefined]);
    assert.match(choice.because, /containerd\.sock speaks no CRI v1; \S+crio\.sock answers nothing within 2 s$/);
  });
});

describe('opening a runtime', () => {
  const options = {
    host: nodeHost,
    clock: new FakeClock(),
    log: recordingLog(),
    owner: 'root-1',
    paths: { root: '/r', containersDir: '/r/c' },
  };

  it('contacts no CRI runtime before it is used', async () => {
    const runtime = await openRuntime({ ...options, type: 'cri', endpoint: 'unix:///nowhere/crio.sock' });
    assert.equal(runtime.type, 'cri');
    await assert.rejects(runtime.version(), /cannot reach the container runtime at \/nowhere\/crio\.sock/);
    await runtime.close();
  });

  it('contacts no Docker before it is used', async () => {
    const runtime = await openRuntime({ ...options, type: 'docker', endpoint: 'unix:///nowhere/docker.sock' });
    assert.equal(runtime.type, 'docker');
    await assert.rejects(runtime.version(), /cannot reach Docker at \/nowhere\/docker\.sock/);
    await runtime.close();
  });

  it('takes unix sockets only', () => {
    assert.equal(socketPathOf('unix:///a/b.sock'), '/a/b.sock');
    assert.equal(socketPathOf('/a/b.sock'), '/a/b.sock');
    assert.throws(() => socketPathOf('tcp://10.0.0.1:2375'), /is no unix socket/);
  });
});

describe('the image store of the process runtime', () => {
  const user = { uid: 1000, homeDirectory: () => '/home/me', env: () => undefined };

  it("is root's own at /, else one for each user", () => {
    assert.equal(imageStoreDir({ ...user, uid: 0 }, '/'), '/var/lib/bootstrap/images');
    assert.equal(imageStoreDir({ ...user, uid: 0 }, '/srv/plane'), '/home/me/.cache/kube-bootstrap/store');
    assert.equal(imageStoreDir(user, '/'), '/home/me/.cache/kube-bootstrap/store');
    assert.equal(imageStoreDir({ ...user, env: () => '/var/cache/me' }, '/'), '/var/cache/me/kube-bootstrap/store');
  });
});
