import assert from 'node:assert/strict';
import test from 'node:test';
import type { ProbeRun } from '../../../src/agent/metrics/observer.ts';
import type { Probed } from '../../../src/agent/probes/container-probes.ts';
import { Prober } from '../../../src/agent/probes/prober.ts';
import type { HttpResponse } from '../../../src/host/host.ts';
import type { Container } from '../../../src/kube/types.ts';
import { aContainer, aProbe } from '../../fakes/agent-builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const key = 'default/web-node1';

function probing(container: Partial<Container>, startedAgoMs = 0, change: Partial<Probed> = {}) {
  const clock = new FakeClock();
  const begin = clock.now();
  const asked: { readonly atMs: number; readonly url: string }[] = [];
  const state = { status: 200 as number | Error, changes: 0, byPath: new Map<string, number>(), ...none };
  const request = async (url: string): Promise<HttpResponse> => {
    asked.push({ atMs: clock.now() - begin, url });
    const answer = state.byPath.get(new URL(url).pathname) ?? state.status;
    if (answer instanceof Error) throw answer;
    const headers: Record<string, string> = state.location === undefined ? {} : { location: state.location };
    return { status: answer, headers, body: Buffer.from('because') };
  };
  const executed: (readonly string[])[] = [];
  const exec = async (_id: string, command: readonly string[]) => {
    executed.push(command);
    await state.execTakes?.();
    return { exitCode: 0, output: '', timedOut: false };
  };
  const grpcCall = () => Promise.reject(new Error('nobody asks'));
  const log = recordingLog();
  const runs: ProbeRun[] = [];
  const prober = new Prober({
    doors: { host: { request, connectTcp: async () => {}, grpcCall }, runtime: { exec } },
    clock,
    log,
    observer: { probed: (run) => runs.push(run) },
    onChange: () => {
      state.changes += 1;
    },
  });
  const probed = {
    containerId: 'c1',
    container: aContainer(container),
    address: '192.0.2.10',
    startedAtMs: begin - startedAgoMs,
    ...change,
  };
  const results = () => prober.results(key, 'c1');
  return {
    clock,
    prober,
    probed,
    asked,
    executed,
    log,
    runs,
    state,
    results,
    track: () => prober.track(key, [probed]),
  };
}

const none = { location: undefined as string | undefined, execTakes: undefined as (() => Promise<void>) | undefined };

const get = (path: string) => ({ httpGet: { path, port: 8080, scheme: 'HTTP' as const } });

test('the first run is exactly at the initial delay after the start, the others in whole periods from there', async () => {
  const { clock, asked, track, prober } = probing(
    { readinessProbe: aProbe({ initialDelaySeconds: 10, periodSeconds: 5 }) },
    7300,
  );
  track();
  await clock.advance(13_000);
  assert.deepEqual(
    asked.map(({ atMs }) => atMs),
    [2700, 7700, 12_700],
  );
  prober.close();
});

test('without probes a running container is started, alive and ready', () => {
  const { track, results, prober } = probing({});
  track();
  assert.deepEqual(results(), { startup: 'success', liveness: 'success', readiness: 'success' });
  prober.close();
});

test('startup runs alone; its success lets liveness and readiness go at once', async () => {
  const { clock, asked, state, track, results, prober } = probing({
    startupProbe: aProbe({ ...get('/startup'), periodSeconds: 1, failureThreshold: 100 }),
    livenessProbe: aProbe({ ...get('/live'), periodSeconds: 30 }),
    readinessProbe: aProbe({ ...get('/ready'), periodSeconds: 30 }),
  });
  state.status = 500;
  track();
  await clock.advance(3500);
  assert.ok(asked.every(({ url }) => url.endsWith('/startup')));
  state.status = 200;
  await clock.advance(500);
  assert.deepEqual(results(), { startup: 'success', liveness: 'success', readiness: 'success' });
  assert.ok(asked.some(({ atMs, url }) => atMs === 4000 && url.endsWith('/ready')));
  const startups = asked.filter(({ url }) => url.endsWith('/startup')).length;
  await clock.advance(10_000);
  assert.equal(asked.filter(({ url }) => url.endsWith('/startup')).length, startups);
  prober.close();
});

test('liveness fails after so many failures in a row, and then for good', async () => {
  const { clock, asked, state, track, results, prober } = probing({ livenessProbe: aProbe({ periodSeconds: 10 }) });
  track();
  await clock.advance(0);
  state.status = 500;
  await clock.advance(20_000);
  assert.equal(results()?.liveness, 'success');
  state.status = 200;
  await clock.advance(10_000);
  state.status = 500;
  await clock.advance(30_000);
  assert.equal(results()?.liveness, 'failure');
  assert.match(results()?.message ?? '', /^Liveness probe failed: HTTP probe failed with statuscode: 500: because$/);
  const count = asked.length;
  await clock.advance(60_000);
  assert.equal(asked.length, count);
  assert.equal(state.changes, 1);
  prober.close();
});

test('readiness comes and goes, with thresholds of its own', async () => {
  const { clock, state, track, results, prober } = probing({
    readinessProbe: aProbe({ periodSeconds: 1, failureThreshold: 2, successThreshold: 2 }),
  });
  track();
  await clock.advance(0);
  assert.equal(results()?.readiness, 'failure');
  await clock.advance(1000);
  assert.equal(results()?.readiness, 'success');
  state.status = new Error('connection refused');
  await clock.advance(1000);
  assert.equal(results()?.readiness, 'success');
  await clock.advance(1000);
  assert.equal(results()?.readiness, 'failure');
  prober.close();
});

test('why a probe fails is known before it counts', async () => {
  const { clock, state, track, results, prober } = probing({ startupProbe: aProbe({ failureThreshold: 24 }) });
  state.status = 503;
  track();
  await clock.advance(0);
  assert.equal(results()?.startup, 'unknown');
  assert.match(results()?.message ?? '', /^Startup probe failed: HTTP probe failed with statuscode: 503/);
  prober.close();
});

test('a probe that cannot be carried out counts neither way', async () => {
  const { clock, track, results, prober } = probing({
    livenessProbe: aProbe({ httpGet: { path: '/', port: 'no-such-port', scheme: 'HTTP' }, failureThreshold: 1 }),
  });
  track();
  await clock.advance(60_000);
  assert.equal(results()?.liveness, 'success');
  prober.close();
});

test('a container that is gone is not probed any more; a new one begins from nothing', async () => {
  const { clock, asked, prober, probed, track } = probing({ readinessProbe: aProbe({ periodSeconds: 1 }) });
  track();
  await clock.advance(1000);
  prober.track(key, [{ ...probed, containerId: 'c2' }]);
  assert.equal(prober.results(key, 'c1'), undefined);
  assert.equal(prober.results(key, 'c2')?.readiness, 'failure');
  prober.track(key, []);
  const count = asked.length;
  await clock.advance(10_000);
  assert.equal(asked.length, count);
});

test('why a probe failed is forgotten when it succeeds again', async () => {
  const { clock, state, track, results, prober } = probing({ readinessProbe: aProbe({ periodSeconds: 1 }) });
  track();
  await clock.advance(0);
  state.status = 500;
  await clock.advance(1000);
  assert.equal(results()?.readiness, 'success');
  assert.match(results()?.message ?? '', /^Readiness probe failed/);
  state.status = 200;
  await clock.advance(1000);
  assert.equal(results()?.message, undefined);
  prober.close();
});

test('what a container is replaced for is told rather than what takes it out of service', async () => {
  const { clock, state, track, results, prober } = probing({
    readinessProbe: aProbe({ ...get('/ready'), periodSeconds: 1 }),
    livenessProbe: aProbe({ ...get('/live'), periodSeconds: 1, initialDelaySeconds: 5 }),
  });
  state.status = 500;
  track();
  await clock.advance(10_000);
  assert.equal(results()?.liveness, 'failure');
  assert.match(results()?.message ?? '', /^Liveness probe failed/);
  prober.close();
});

test('after liveness has failed readiness is asked on until the container is gone', async () => {
  const { clock, asked, state, track, prober } = probing({
    readinessProbe: aProbe({ ...get('/ready'), periodSeconds: 1 }),
    livenessProbe: aProbe({ ...get('/live'), periodSeconds: 1, failureThreshold: 1 }),
  });
  state.byPath.set('/live', 500);
  track();
  await clock.advance(5500);
  assert.equal(asked.filter(({ url }) => url.endsWith('/live')).length, 1);
  assert.equal(asked.filter(({ url }) => url.endsWith('/ready')).length, 6);
  prober.close();
});

test('while the pod ends readiness goes on, liveness and startup do not', async () => {
  const { clock, asked, state, prober, probed, results, track } = probing({
    readinessProbe: aProbe({ ...get('/ready'), periodSeconds: 1, failureThreshold: 1 }),
    livenessProbe: aProbe({ ...get('/live'), periodSeconds: 1, failureThreshold: 1 }),
  });
  track();
  await clock.advance(500);
  prober.track(key, [{ ...probed, ending: true }]);
  state.status = 500;
  const before = asked.length;
  await clock.advance(3000);
  assert.ok(asked.slice(before).every(({ url }) => url.endsWith('/ready')));
  assert.equal(results()?.liveness, 'success');
  assert.equal(results()?.readiness, 'failure');
  prober.close();
});

test('what an earlier agent knew holds until a probe says otherwise, and old failures do not count', async () => {
  const container = {
    startupProbe: aProbe({ ...get('/startup'), periodSeconds: 1 }),
    livenessProbe: aProbe({ ...get('/live'), periodSeconds: 10, failureThreshold: 2 }),
    readinessProbe: aProbe({ ...get('/ready'), periodSeconds: 10, failureThreshold: 2 }),
  };
  const before = { started: true, ready: true };
  const { clock, asked, state, track, results, prober } = probing(container, 64_000, { before });
  state.status = 500;
  track();
  assert.deepEqual(results(), { startup: 'success', liveness: 'success', readiness: 'success' });
  await clock.advance(5999);
  assert.equal(asked.length, 0);
  await clock.advance(1);
  assert.deepEqual(results()?.liveness, 'success');
  await clock.advance(10_000);
  assert.deepEqual([results()?.liveness, results()?.readiness], ['failure', 'failure']);
  assert.ok(asked.every(({ url }) => !url.endsWith('/startup')));
  prober.close();
});

test('fifty containers that were there before are not all probed in one moment, and each within a second', async () => {
  const atMs = new Map<number, number>();
  for (let index = 0; index < 50; index++) {
    const { clock, asked, track, prober } = probing({ readinessProbe: aProbe() }, 3_600_000 + index * 137);
    track();
    await clock.advance(1000);
    const at = asked[0]?.atMs ?? Number.NaN;
    assert.ok(at <= 1000);
    atMs.set(at, (atMs.get(at) ?? 0) + 1);
    prober.close();
  }
  assert.ok(Math.max(...atMs.values()) <= 2);
});

test('one container more leaves the others as they are', async () => {
  const { clock, asked, prober, probed, track } = probing({ readinessProbe: aProbe({ periodSeconds: 1 }) });
  track();
  await clock.advance(0);
  prober.add(key, { ...probed, containerId: 'c2' });
  await clock.advance(0);
  assert.equal(asked.length, 2);
  assert.equal(prober.results(key, 'c1')?.readiness, 'success');
  assert.equal(prober.results(key, 'c2')?.readiness, 'success');
  prober.close();
});

test('a run that takes longer than the period is not overtaken by the next', async () => {
  const { clock, executed, state, track, prober } = probing({
    livenessProbe: { ...aProbe({ periodSeconds: 1, timeoutSeconds: 60 }), exec: { command: ['check'] } },
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  state.execTakes = () => promise;
  track();
  await clock.advance(5500);
  assert.equal(executed.length, 1);
  resolve();
  await clock.advance(1000);
  assert.equal(executed.length, 2);
  prober.close();
});

test('a command knows the values that the manifest spells out, and no others', async () => {
  const env = [
    { name: 'PORT', value: '80' },
    { name: 'TEXT', value: '$(PORT)' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ];
  const command = ['check', '$(PORT) $(TEXT) [$(NODE)] $(MISSING) $$(PORT)'];
  const { clock, executed, track, prober } = probing({ env, livenessProbe: { ...aProbe(), exec: { command } } });
  track();
  await clock.advance(0);
  assert.deepEqual(executed, [['check', '80 $(PORT) [] $(MISSING) $(PORT)']]);
  prober.close();
});

test('a redirect to another host is said once, and every run is told to who counts them', async () => {
  const { clock, log, runs, state, track, prober } = probing({ livenessProbe: aProbe({ periodSeconds: 1 }) });
  state.status = 302;
  state.location = 'http://elsewhere.test/';
  track();
  await clock.advance(2500);
  assert.equal(log.warnings.length, 1);
  assert.match(log.warnings[0] ?? '', /Liveness probe of app: Probe terminated redirects/);
  assert.equal(runs.length, 3);
  const [first] = runs;
  assert.deepEqual(
    [first?.podKey, first?.container, first?.kind, first?.result],
    [key, 'app', 'liveness', 'successful'],
  );
  prober.close();
});

test('a clock that is set back does not silence a probe for longer than its period', async () => {
  const { clock, asked, track, prober } = probing({ readinessProbe: aProbe({ periodSeconds: 10 }) });
  track();
  await clock.advance(0);
  clock.set(clock.now() - 3_600_000);
  await clock.advance(20_000);
  assert.ok(asked.length >= 2);
  prober.close();
});
