import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CriClient, defaultTimeoutMs } from '../../../src/runtime/cri/client.ts';
import { CriError, criError, status } from '../../../src/runtime/cri/cri-error.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { until } from '../../fakes/until.ts';

describe('calls to a CRI runtime', () => {
  let cri: FakeCri;
  let client: CriClient;
  let clock: FakeClock;
  const what = 'cannot ask';
  const version = () => client.call('Version', {}, { what });

  beforeEach(async () => {
    cri = await new FakeCri().start();
    clock = new FakeClock();
    client = new CriClient({ socketPath: cri.socketPath, clock });
  });

  afterEach(async () => {
    client.close();
    await cri.stop();
  });

  it('are answered', async () => {
    const { runtimeName, runtimeApiVersion } = await version();
    assert.deepEqual([runtimeName, runtimeApiVersion], ['containerd', 'v1']);
  });

  it('say which socket nobody listens on, and what to do', async () => {
    await cri.die();
    await assert.rejects(version(), (thrown: CriError) => {
      assert.match(thrown.message, /^cannot ask: cannot reach the container runtime at \S+cri\.sock: connect ENOENT /);
      assert.match(thrown.hint ?? '', /see that containerd or CRI-O runs/);
      assert.equal(thrown.code, status.unavailable);
      return true;
    });
  });

  it('reach it again once it is back', async () => {
    await version();
    await cri.die();
    await assert.rejects(version(), /cannot reach the container runtime/);
    await cri.listen();
    for (let tries = 0; ; tries++) {
      const answer = await version().catch((thrown: unknown) => thrown);
      if (!(answer instanceof CriError)) break;
      assert.ok(tries < 100_000, answer.message);
    }
  });

  it('say that the runtime is too old, or has its CRI plugin off', async () => {
    await cri.die();
    await cri.listen(['containerd']);
    await assert.rejects(version(), (thrown: CriError) => {
      assert.match(thrown.message, /does not speak CRI v1: .*RuntimeService\/Version/);
      assert.match(thrown.hint ?? '', /containerd must be 1\.6 or newer with its CRI plugin on/);
      return true;
    });
  });

  it('are given up after their time, so that a hung runtime hangs nobody', async () => {
    cri.on('Version', 'hang');
    const asked = version();
    await until(() => cri.requestsOf('Version').length === 1);
    const refused = assert.rejects(asked, /cannot ask: no answer from the container runtime at \S+ within 120 s/);
    await clock.advance(defaultTimeoutMs);
    await refused;
  });

  it('end with the reason of who gave them up', async () => {
    cri.on('PullImage', 'hang');
    const stop = new AbortController();
    const asked = client.call('PullImage', { image: { image: 'x' } }, { what, signal: stop.signal });
    await until(() => cri.requestsOf('PullImage').length === 1);
    stop.abort(new Error('no longer wanted'));
    await assert.rejects(asked, /no longer wanted/);
  });

  it('end when the client is closed', async () => {
    cri.on('Version', 'hang');
    const asked = version();
    await until(() => cri.requestsOf('Version').length === 1);
    client.close();
    await assert.rejects(asked, CriError);
  });

  it("give the runtime's own words without gRPC's before them", async () => {
    cri.on('StartContainer', new CriFailure(2, 'rpc error: code = Unknown desc = failed to create containerd task'));
    const started = client.call('StartContainer', { containerId: '1' }, { what: 'cannot start it' });
    await assert.rejects(started, {
      message: 'cannot start it: failed to create containerd task',
      code: status.unknown,
    });
  });
});

describe('the words for a failure', () => {
  it('name a socket that this user may not use, with the reason', () => {
    const details =
      'No connection established. Last error: Error: connect EACCES /run/c.sock (2026-11-23T11:00:00.000Z)';
    const { message } = criError('cannot list containers', { code: 14, details }, '/run/c.sock');
    const reach = 'cannot reach the container runtime at /run/c.sock: connect EACCES /run/c.sock';
    assert.equal(message, `cannot list containers: ${reach}`);
  });

  it("know the old API by Go's words", () => {
    const details = 'unknown service runtime.v1.RuntimeService';
    const { message, hint } = criError('cannot ask', { code: 12, details }, '/run/c.sock');
    assert.match(message, /the container runtime at \/run\/c\.sock does not speak CRI v1/);
    assert.match(hint ?? '', /disabled_plugins/);
  });

  it('say what to do where a machine lacks a privilege that the runtime takes for granted', () => {
    const details =
      "failed to create containerd task: OCI runtime create failed: can't get final child's PID from pipe: EOF";
    const { message } = criError('cannot create it', { code: 2, details }, '/x');
    assert.match(message, /pipe: EOF \(where CAP_SYS_RESOURCE is lacking .*restrict_oom_score_adj = true/);
  });

  it('take a method that is not there for no more than that', () => {
    const details = 'unknown method GetContainerEvents for service runtime.v1.RuntimeService';
    assert.equal(criError('cannot read events', { code: 12, details }, '/x').message, `cannot read events: ${details}`);
  });
});
