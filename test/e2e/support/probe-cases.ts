import assert from 'node:assert/strict';
import type { Sample } from './pod-history.ts';

/** A container of a manifest, as far as these tests spell it out. */
export type ContainerSpec = Readonly<Record<string, unknown>> & { readonly name: string };

export type ProbeCase = {
  /** The sentence of kubernetes test/e2e/common/node/container_probe.go, shortened. */
  readonly says: string;
  readonly container: ContainerSpec;
  /** When enough was seen to judge. */
  readonly seen: (samples: readonly Sample[]) => boolean;
  readonly holds: (samples: readonly Sample[]) => void;
};

export const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

/** Long enough for ten runs of a probe that comes each second. */
const watchedMs = 12_000;

/** A container that runs a script and ends at once when told to. */
export function shell(name: string, script: string, more: object = {}): ContainerSpec {
  const whole = `trap 'exit 0' TERM; ${script}\nsleep 1000 & wait`;
  return { name, image: agnhost, command: ['/bin/sh', '-c', whole], ...more };
}

/** A web server on a port of its own. */
export function netexec(name: string, port: number, more: object = {}): ContainerSpec {
  const args = ['netexec', `--http-port=${port}`, '--udp-port=-1'];
  return { name, image: agnhost, args, ports: [{ name: 'web', containerPort: port }], ...more };
}

export const exec = (...command: readonly string[]) => ({ exec: { command } });
export const everySecond = { periodSeconds: 1, failureThreshold: 1 };
const cat = (file: string) => exec('cat', `/tmp/${file}`);

function watched(samples: readonly Sample[]): boolean {
  const first = samples.find(({ startedMs }) => startedMs !== undefined);
  return first !== undefined && Date.now() - first.atMs > watchedMs;
}

const restarted = (samples: readonly Sample[]) => (samples.at(-1)?.restarts ?? 0) > 0;
const neverRestarted = (samples: readonly Sample[]) =>
  assert.ok(
    samples.every(({ restarts }) => restarts === 0),
    'it was restarted',
  );
const neverReady = (samples: readonly Sample[]) => {
  neverRestarted(samples);
  assert.ok(
    samples.every(({ ready }) => !ready),
    'it was ready',
  );
};
const fine = () => {};

function steady(says: string, container: ContainerSpec, holds = neverRestarted): ProbeCase {
  return { says, container, seen: watched, holds };
}

function restarting(says: string, container: ContainerSpec): ProbeCase {
  return { says, container, seen: restarted, holds: fine };
}

/** Those that are left alone: all may be in one pod. The last two are the last, since they keep others waiting. */
export const steadyCases: readonly ProbeCase[] = [
  {
    says: 'with readiness probe should not be ready before initial delay and never restart',
    container: netexec('delay', 8101, {
      readinessProbe: { httpGet: { port: 'web' }, initialDelaySeconds: 4, ...everySecond },
    }),
    seen: (samples) => watched(samples) && samples.some(({ ready }) => ready),
    holds: (samples) => {
      neverRestarted(samples);
      const ready = samples.find((sample) => sample.ready);
      assert.ok((ready?.atMs ?? 0) - (ready?.startedMs ?? 0) >= 4000);
    },
  },
  steady(
    'with readiness probe that fails should never be ready and never restart',
    netexec('unready', 8102, { readinessProbe: { httpGet: { port: 81 }, ...everySecond } }),
    neverReady,
  ),
  steady(
    'should *not* be restarted with a exec "cat /tmp/health" liveness probe',
    shell('exec', 'echo ok >/tmp/health', {
      livenessProbe: { ...cat('health'), periodSeconds: 2, initialDelaySeconds: 1 },
    }),
  ),
  steady(
    'should *not* be restarted with a tcp liveness probe',
    netexec('tcp', 8103, { livenessProbe: { tcpSocket: { port: 8103 }, initialDelaySeconds: 1, periodSeconds: 1 } }),
  ),
  steady(
    'should *not* be restarted with a /healthz http liveness probe',
    netexec('http', 8104, { livenessProbe: { httpGet: { path: '/', port: 'web' }, periodSeconds: 1 } }),
  ),
  steady(
    'should not be ready with an exec readiness probe timeout',
    shell('slow', '', {
      readinessProbe: { ...exec('/bin/sh', '-c', 'sleep 10'), timeoutSeconds: 1, periodSeconds: 3 },
    }),
    neverReady,
  ),
  steady(
    'should *not* be restarted with a non-local redirect http liveness probe',
    netexec('elsewhere', 8105, {
      livenessProbe: { httpGet: { path: '/redirect?location=http%3A%2F%2F0.0.0.0%2F', port: 'web' }, periodSeconds: 1 },
    }),
  ),
  steady('should *not* be restarted with a GRPC liveness probe', {
    name: 'grpc',
    image: agnhost,
    args: ['grpc-health-checking', '--port=5101', '--http-port=8106', '--service=db'],
    livenessProbe: { grpc: { port: 5101, service: 'db' }, periodSeconds: 1, initialDelaySeconds: 1 },
  }),
  {
    says: 'should be ready immediately after startupProbe succeeds',
    container: shell('soon', 'echo ok >/tmp/health; sleep 4; echo ok >/tmp/startup', {
      readinessProbe: { ...cat('health'), periodSeconds: 30 },
      startupProbe: { ...cat('startup'), periodSeconds: 1, failureThreshold: 60 },
    }),
    seen: (samples) => samples.some(({ ready }) => ready),
    holds: (samples) => {
      const started = samples.find((sample) => sample.started)?.atMs ?? 0;
      const ready = samples.find((sample) => sample.ready)?.atMs ?? 0;
      assert.ok(ready - started < 5000, `ready ${ready - started} ms after it had started`);
    },
  },
  steady(
    'should *not* be restarted by liveness probe because startup probe delays it',
    shell('delayed', '', {
      livenessProbe: { ...cat('health'), ...everySecond },
      startupProbe: { ...cat('startup'), periodSeconds: 2, failureThreshold: 60 },
    }),
    neverReady,
  ),
];

/** Those that are restarted: all may be in one pod. The last keeps others waiting. */
export const restartingCases: readonly ProbeCase[] = [
  restarting(
    'should be restarted with a exec "cat /tmp/health" liveness probe',
    shell('exec', 'echo ok >/tmp/health; sleep 3; rm /tmp/health', {
      livenessProbe: { ...cat('health'), initialDelaySeconds: 1, ...everySecond },
    }),
  ),
  restarting('should be restarted with a /healthz http liveness probe', {
    name: 'http',
    image: agnhost,
    args: ['liveness'],
    livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 2, ...everySecond },
  }),
  {
    says: 'should have monotonically increasing restart count',
    container: netexec('count', 8111, {
      livenessProbe: { httpGet: { path: '/echo?code=500', port: 'web' }, initialDelaySeconds: 1, ...everySecond },
    }),
    seen: (samples) => (samples.at(-1)?.restarts ?? 0) >= 2,
    holds: (samples) => {
      const counts = samples.map(({ restarts }) => restarts);
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => a - b),
      );
    },
  },
  restarting(
    'should be restarted with an exec liveness probe with timeout',
    shell('slow', '', { livenessProbe: { ...exec('/bin/sh', '-c', 'sleep 10'), timeoutSeconds: 1, ...everySecond } }),
  ),
  restarting(
    'should be restarted with a failing exec liveness probe that took longer than the timeout',
    shell('slower', '', {
      livenessProbe: { ...exec('/bin/sh', '-c', 'sleep 10 & exit 1; wait'), timeoutSeconds: 1, ...everySecond },
    }),
  ),
  restarting(
    'should be restarted with a local redirect http liveness probe',
    netexec('redirect', 8112, {
      livenessProbe: {
        httpGet: { path: '/redirect?location=%2Fecho%3Fcode%3D500', port: 'web' },
        initialDelaySeconds: 1,
        ...everySecond,
      },
    }),
  ),
  restarting('should be restarted with a GRPC liveness probe', {
    name: 'grpc',
    image: agnhost,
    args: ['grpc-health-checking', '--port=5111', '--http-port=8113', '--delay-unhealthy-sec=3'],
    livenessProbe: { grpc: { port: 5111 }, initialDelaySeconds: 1, ...everySecond },
  }),
  restarting(
    'should be restarted by liveness probe after startup probe enables it',
    shell('enabled', 'sleep 2; echo ok >/tmp/startup', {
      livenessProbe: { ...cat('health'), ...everySecond },
      startupProbe: { ...cat('startup'), periodSeconds: 1, failureThreshold: 60 },
    }),
  ),
];

/** Keeps all that would follow it waiting, for ever. */
export const startupCases: readonly ProbeCase[] = [
  restarting(
    'should be restarted startup probe fails',
    shell('startless', '', { startupProbe: { ...cat('startup'), periodSeconds: 1, failureThreshold: 2 } }),
  ),
];

/** A program that does not end when told to; the pod would give it minutes. */
const stubborn = (name: string, more: object): ContainerSpec => ({
  name,
  image: agnhost,
  command: ['/bin/sh', '-c', "trap '' TERM; while :; do sleep 1; done"],
  ...more,
});
const shortGrace = { ...cat('never'), ...everySecond, terminationGracePeriodSeconds: 3 };

function soonRestarted(says: string, container: ContainerSpec): ProbeCase {
  const holds = (samples: readonly Sample[]) => {
    const first = samples.find(({ startedMs }) => startedMs !== undefined)?.atMs ?? 0;
    const again = samples.find(({ restarts }) => restarts > 0);
    assert.ok((again?.atMs ?? Number.POSITIVE_INFINITY) - first < 30_000);
    assert.equal(again?.lastExitCode, 137);
  };
  return { says, container, seen: restarted, holds };
}

export const graceCases: readonly ProbeCase[] = [
  soonRestarted(
    'should override timeoutGracePeriodSeconds when LivenessProbe field is set',
    stubborn('liveness', { livenessProbe: shortGrace }),
  ),
  soonRestarted(
    'should override timeoutGracePeriodSeconds when StartupProbe field is set',
    stubborn('startup', { startupProbe: shortGrace }),
  ),
];
