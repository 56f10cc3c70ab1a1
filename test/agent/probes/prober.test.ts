import assert from 'node:assert/strict';
import test from 'node:test';
import { Prober } from '../../../src/agent/probes/prober.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { HttpResponse } from '../../../src/host/host.ts';
import type { Container } from '../../../src/kube/types.ts';
import { aContainer, aProbe } from '../../fakes/agent-builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const key = 'default/web-node1';

function probing(container: Partial<Container>, startedAgoMs = 0) {
  const clock = new FakeClock();
  const begin = clock.now();
  const asked: { readonly atMs: number; readonly url: string }[] = [];
  const state = { status: 200 as number | Error, changes: 0, byPath: new Map<string, number>() };
  const request = async (url: string): Promise<HttpResponse> => {
    asked.push({ atMs: clock.now() - begin, url });
    const answer = state.byPath.get(new URL(url).pathname) ?? state.status;
    if (answer instanceof Error) throw answer;
    return { status: answer, headers: {}, body: Buffer.from('because') };
  };
  const exec = async () => ({ exitCode: 0, output: '', timedOut: false });
  const prober = new Prober({
    doors: { host: { request, connectTcp: async () => {} }, runtime: { exec } },
    clock,
    log: silentLog,
    onChange: () => {
      state.changes += 1;
    },
  });
  const probed = {
    containerId: 'c1',
    container: aContainer(container),
    address: '192.0.2.10',
    startedAtMs: begin - startedAgoMs,
  };
  const results = () => prober.results(key, 'c1');
  return { clock, prober, probed, asked, state, results, track: () => prober.track(key, [probed]) };
}

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
  assert.match(results()?.message ?? '', /HTTP status 500: because/);
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
  assert.match(results()?.message ?? '', /startup probe: HTTP status 503/);
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
