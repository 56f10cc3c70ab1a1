import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { type EngineAnswer, FakeDockerEngine } from '../../fakes/docker-engine.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { aContainerConfig, aSandboxConfig } from '../../fakes/runtime-builders.ts';
import { until } from '../../fakes/until.ts';

const host = { ...nodeHost, makeDirectory: async () => {}, connectTcp: () => Promise.reject(new Error('no route')) };
const sandbox = aSandboxConfig();
const conflict: EngineAnswer = {
  status: 409,
  json: {
    message: 'Conflict. The container name "/k8s_POD" is already in use by container "abcdef123456". You have …',
  },
};

describe('the docker runtime and an engine that does not do as usual', () => {
  let engine: FakeDockerEngine;
  let clock: FakeClock;
  let log: ReturnType<typeof recordingLog>;
  let runtime: ContainerRuntime;

  beforeEach(async () => {
    engine = await new FakeDockerEngine().start();
    clock = new FakeClock();
    log = recordingLog();
    runtime = createDockerRuntime({ host, clock, log, owner: 'root-1', socketPath: engine.socketPath });
  });
  afterEach(async () => {
    await runtime.close();
    await engine.stop();
  });

  it('gives up on a hung engine after half a minute, and says what it could not do', async () => {
    engine.on('GET', /json$/, 'hang');
    const looking = assert.rejects(runtime.observePods(), /cannot list containers: no answer from Docker within 30 s/);
    await until(() => engine.requests.length === 1);
    await clock.advance(30_000);
    await looking;
  });

  it('allows a stop its grace period and two minutes on top', async () => {
    engine.on('POST', /stop$/, 'hang');
    let failed = false;
    const stopping = runtime.stopContainer('c1', 300).catch(() => {
      failed = true;
    });
    await until(() => engine.requests.length === 1);
    assert.equal(engine.requests[0]?.query.get('t'), '300');
    await clock.advance(300_000);
    assert.equal(failed, false);
    await clock.advance(120_000);
    await stopping;
    assert.equal(failed, true);
  });

  it('says how to go on when nothing listens on the socket', async () => {
    await engine.die();
    await assert.rejects(runtime.version(), (thrown: Error & { hint?: string }) => {
      assert.match(thrown.message, /cannot reach Docker at .*docker\.sock/);
      assert.match(thrown.hint ?? '', /--runtime process/);
      return true;
    });
  });

  it('refuses an engine that is too old', async () => {
    engine.on('GET', /version/, { json: { Version: '19.03.5', ApiVersion: '1.40' } });
    await assert.rejects(runtime.version(), /1\.41 or newer is needed/);
  });

  it('takes stopped and gone as stopped, and a removal under way as removed', async () => {
    engine.on('POST', /containers\/stopped\/stop$/, { status: 304 });
    engine.on('DELETE', /containers\/going$/, { status: 409, json: { message: 'removal … is already in progress' } });
    await runtime.stopContainer('stopped', 1);
    await runtime.stopContainer('gone', 1);
    await runtime.removeContainer('going');
    await runtime.removeContainer('gone');
  });

  it('takes over a container of its own that has the name already, and starts it if nobody did', async () => {
    engine.on('POST', /create$/, conflict);
    engine.on('GET', /k8s_POD.*json$/, {
      json: { Id: 'mine', Config: { Labels: { 'kube-bootstrap/owner': 'root-1' } }, State: { Status: 'created' } },
    });
    engine.on('POST', /mine\/start$/, { status: 204 });
    assert.equal(await runtime.createSandbox(sandbox), 'mine');
    assert.ok(engine.calls().includes('POST /containers/mine/start'));
  });

  it("never touches somebody else's container that has the name: ours gets a suffix, and whose the other is is said", async () => {
    const names: string[] = [];
    engine.on('POST', /create$/, ({ query }) => {
      names.push(query.get('name') ?? '');
      return names.length === 1 ? conflict : { status: 201, json: { Id: 'fresh' } };
    });
    engine.on('GET', /k8s_POD.*json$/, {
      json: { Id: 'theirs', Config: { Labels: { 'kube-bootstrap/owner': 'root-2' } }, State: { Status: 'exited' } },
    });
    engine.on('POST', /fresh\/start$/, { status: 204 });
    assert.equal(await runtime.createSandbox(sandbox), 'fresh');
    assert.match(names[1] ?? '', /_0_[0-9a-f]{8}$/);
    assert.match(log.warnings[0] ?? '', /container theirs has the name .* another root directory \(owner root-2\)/);
    assert.deepEqual(
      engine.calls().filter((call) => /theirs|DELETE/.test(call)),
      [],
    );
  });

  it('clears away what is left of a container of its own that was half removed, and tries again later', async () => {
    engine.on('POST', /create$/, conflict);
    engine.on('GET', /k8s_POD.*json$/, {
      json: { Id: 'dead', Config: { Labels: { 'kube-bootstrap/owner': 'root-1' } }, State: { Status: 'dead' } },
    });
    engine.on('DELETE', /dead$/, { status: 204 });
    await assert.rejects(runtime.createSandbox(sandbox), /half removed/);
    assert.ok(engine.calls().includes('DELETE /containers/dead'));
  });

  it('takes a start that somebody else made first as a start', async () => {
    engine.on('POST', /create$/, { status: 201, json: { Id: 'c1' } });
    engine.on('POST', /c1\/start$/, { status: 304 });
    assert.equal(await runtime.createSandbox(sandbox), 'c1');
  });

  it('believes no list about a sandbox that has just ended: dockerd tells of the end before the list does', async () => {
    const Labels = {
      'io.kubernetes.docker.type': 'podsandbox',
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.uid': 'u',
    };
    const HostConfig = { NetworkMode: 'host' };
    const listed = { Id: 's1', Names: ['/k8s_POD_web_default_u_0'], State: 'running', Created: 1, Labels, HostConfig };
    engine.on('GET', /containers\/json$/, { json: [listed] });
    engine.on('GET', /s1\/json$/, { json: { Id: 's1', State: { Running: false } } });
    const Actor = { ID: 's1', Attributes: Labels };
    const died = { Type: 'container', Action: 'die', Actor, time: 1_700_000_000, timeNano: 1.7e18 };
    engine.on('GET', /events$/, { lines: [died], stayOpen: true });
    const isReady = async () => (await runtime.observePods())[0]?.sandboxes[0]?.ready;
    assert.equal(await isReady(), true);
    const stop = new AbortController();
    for await (const { pod } of runtime.events(stop.signal)) if (pod !== undefined) stop.abort();
    assert.equal(await isReady(), false);
  });

  it('starts a container though its log cannot be linked, and says so', async () => {
    engine.on('POST', /create$/, { status: 201, json: { Id: 'c1' } });
    engine.on('POST', /c1\/start$/, { status: 204 });
    engine.on('GET', /c1\/json$/, { json: { Id: 'c1', LogPath: '/var/lib/docker/c1-json.log' } });
    const full = { ...host, makeDirectory: () => Promise.reject(new Error('no space left on device')) };
    const other = createDockerRuntime({ host: full, clock, log, owner: 'root-1', socketPath: engine.socketPath });
    assert.equal(await other.startContainer('s1', sandbox, aContainerConfig()), 'c1');
    assert.match(log.warnings[0] ?? '', /app\/0\.log cannot be made: no space left on device/);
    await other.close();
  });

  it('refuses a pod off the host network where dockerd has no bridge, and not one on it', async () => {
    engine.on('GET', /^\/networks\/bridge$/, { status: 404, json: { message: 'network bridge not found' } });
    await assert.rejects(runtime.createSandbox(sandbox), /without its default bridge \(--bridge none\)/);
    assert.deepEqual(await runtime.refusals(aSandboxConfig({ hostNetwork: true }), []), []);
  });

  it('takes a random suffix when Docker holds the name for a container that is no more', async () => {
    const names: string[] = [];
    engine.on('POST', /create$/, ({ query }) => {
      names.push(query.get('name') ?? '');
      return names.length === 1 ? conflict : { status: 201, json: { Id: 'fresh' } };
    });
    engine.on('POST', /fresh\/start$/, { status: 204 });
    assert.equal(await runtime.createSandbox(sandbox), 'fresh');
    assert.match(names[1] ?? '', /^k8s_POD_web-node1_default_[0-9a-f]{32}_0_[0-9a-f]{8}$/);
  });
});

describe('niceties that the host lacks', () => {
  let engine: FakeDockerEngine;
  let log: ReturnType<typeof recordingLog>;
  let runtime: ContainerRuntime;
  const bodies = () =>
    engine.requests
      .filter(({ path }) => path === '/containers/create')
      .map(({ body }) => body as { HostConfig: Record<string, unknown> });

  beforeEach(async () => {
    engine = await new FakeDockerEngine().start();
    log = recordingLog();
    runtime = createDockerRuntime({
      host,
      clock: new FakeClock(),
      log,
      owner: 'root-1',
      socketPath: engine.socketPath,
    });
    engine.on('POST', /create$/, { status: 201, json: { Id: 'c1' } });
    engine.on('GET', /c1\/json$/, { json: { Id: 'c1', LogPath: '', Config: { Labels: {} } } });
    engine.on('DELETE', /./, { status: 204 });
  });
  afterEach(async () => {
    await runtime.close();
    await engine.stop();
  });

  const refuseNegativeScore = (message: string) =>
    engine.on('POST', /start$/, () => {
      const refused = Number(bodies().at(-1)?.HostConfig.OomScoreAdj) < 0;
      return refused ? { status: 500, json: { message } } : { status: 204 };
    });

  it('are found out once: a negative oom_score_adj is given up, said once, and not asked for again', async () => {
    refuseNegativeScore(
      "OCI runtime create failed: unable to start container process: can't get final child's PID from pipe: EOF",
    );
    await runtime.createSandbox(sandbox);
    await runtime.createSandbox(aSandboxConfig({ attempt: 1 }));
    assert.deepEqual(
      bodies().map(({ HostConfig }) => HostConfig.OomScoreAdj),
      [-998, 0, 0],
    );
    assert.equal(log.warnings.length, 1);
    assert.match(log.warnings[0] ?? '', /no CAP_SYS_RESOURCE/);
  });

  it('are not blamed when the start fails without them too', async () => {
    const message = "can't get final child's PID from pipe: EOF";
    engine.on('POST', /start$/, { status: 500, json: { message } });
    await assert.rejects(runtime.createSandbox(sandbox), /final child/);
    engine.on('POST', /start$/, { status: 204 });
    await runtime.createSandbox(sandbox);
    assert.equal(bodies().at(-1)?.HostConfig.OomScoreAdj, -998);
    assert.deepEqual(log.warnings, []);
  });

  it('are not tried for a program that is not there: the error is told at once', async () => {
    const message = 'OCI runtime create failed: exec: "/nope": stat /nope: no such file or directory';
    engine.on('POST', /start$/, { status: 400, json: { message } });
    const starting = runtime.startContainer('s1', sandbox, aContainerConfig({ command: ['/nope'] }));
    await assert.rejects(starting, /cannot start k8s_app_web-node1.*: OCI runtime create failed: exec: "\/nope"/);
    assert.equal(bodies().length, 1);
  });
});
