import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ComponentName } from '../../../src/manifests/component.ts';
import { Canary, type CanarySpec } from '../../../src/rollout/canary/canary.ts';
import type { CanaryDoors } from '../../../src/rollout/canary/doors.ts';
import { followCanaries } from '../../../src/rollout/canary/follow.ts';
import type { ContainerConfig, ObservedPod, SandboxConfig } from '../../../src/runtime/runtime.ts';
import { aPod } from '../../fakes/agent-builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

/** What one component's program does after its start: it is ready, exits with its last lines, or only runs. */
type Program = { readonly readyAfterMs?: number; readonly exitsAfterMs?: number; readonly lines?: readonly string[] };

/** Canaries of these programs on a fake clock. */
function aTrial(programs: Readonly<Partial<Record<ComponentName, Program>>>, changed: readonly ComponentName[]) {
  const clock = new FakeClock();
  const started: string[] = [];
  const running = new Map<string, { readonly program: Program; readonly atMs: number }>();
  const isDue = (component: string, afterMs: number | undefined) => {
    const found = running.get(component);
    return found !== undefined && afterMs !== undefined && clock.now() - found.atMs >= afterMs;
  };
  const observePods = async (): Promise<readonly ObservedPod[]> =>
    [...running].map(([name, { program }]) => {
      const state = isDue(name, program.exitsAfterMs) ? 'exited' : 'running';
      const container = { id: name, name, state, exitCode: 1 };
      return { pod: { name, namespace: 'kube-system', uid: name }, sandboxes: [], containers: [container] };
    }) as unknown as readonly ObservedPod[];
  const runtime = {
    observePods,
    refusals: async () => [],
    createSandbox: async () => 'sandbox',
    startContainer: async (_id: string, _sandbox: SandboxConfig, { name, attempt }: ContainerConfig) => {
      started.push(`${name} ${attempt}`);
      running.set(name, { program: programs[name as ComponentName] ?? {}, atMs: clock.now() });
      return name;
    },
    stopContainer: async (id: string) => void running.delete(id),
  };
  const doors = {
    runtime: async () => runtime,
    obtainImage: async () => ({ id: 'sha256:1' }),
    podConfigs: async (_pod: unknown, { uid, attempt }: { readonly uid: string; readonly attempt: number }) => ({
      sandbox: {},
      container: { name: uid, attempt, logPath: uid },
    }),
    lastLines: async (name: string) => programs[name as ComponentName]?.lines ?? [],
  } as unknown as CanaryDoors;
  const ready = async (name: ComponentName) => isDue(name, programs[name]?.readyAfterMs);
  const tools = { doors, clock, isReady: ready, forgetLeases: async () => {} };
  const names = Object.keys(programs) as ComponentName[];
  const specs = names.map((component): CanarySpec => {
    const serverPort = component === 'etcd' ? undefined : 20_001;
    return { component, uid: component, pod: aPod(), changes: [], serverPort, names: new Map([['/s/x', '/real']]) };
  });
  const canaries = new Map(specs.map((spec) => [spec.component, new Canary(spec, tools)]));
  const { signal } = new AbortController();
  const done = followCanaries({ canaries, changed, runtime, clock, signal, timeoutMs: 60_000 });
  const outcome = (name: ComponentName) => canaries.get(name)?.outcome;
  return { clock, started, done, outcome };
}

describe('canaries', () => {
  test('start all at the same time, and those that ask the API server once more when it is ready', async () => {
    const trial = aTrial(
      {
        etcd: { readyAfterMs: 300 },
        'kube-apiserver': { readyAfterMs: 2000 },
        'kube-scheduler': { readyAfterMs: 3000 },
      },
      ['kube-scheduler'],
    );
    await trial.clock.advance(200);
    assert.deepEqual(trial.started, ['etcd 0', 'kube-apiserver 0', 'kube-scheduler 0']);
    await trial.clock.advance(6000);
    await trial.done;
    assert.equal(trial.started.at(-1), 'kube-scheduler 1');
    assert.equal(trial.outcome('kube-scheduler')?.is, 'ready');
  });

  test('that exit are refused with their own words, by the names that the user knows, before any server is ready', async () => {
    const trial = aTrial(
      { etcd: {}, 'kube-apiserver': { exitsAfterMs: 200, lines: ['Error: open /s/x: no such file'] } },
      ['kube-apiserver'],
    );
    await trial.clock.advance(400);
    await trial.done;
    const outcome = trial.outcome('kube-apiserver');
    assert.ok(outcome?.is === 'refused');
    assert.equal(outcome.reason, 'open /real: no such file');
  });

  test('whose server fails are done when they have read all that they are told', async () => {
    const trial = aTrial(
      {
        etcd: { exitsAfterMs: 100, lines: ['flag provided but not defined: -x'] },
        'kube-apiserver': {
          lines: ['I1123 1 plugins.go:157] Loaded 15 mutating admission controller(s) successfully'],
        },
        'kube-scheduler': {},
      },
      ['etcd', 'kube-apiserver', 'kube-scheduler'],
    );
    await trial.clock.advance(4000);
    await trial.done;
    const all = (['etcd', 'kube-apiserver', 'kube-scheduler'] as const).map((name) => trial.outcome(name)?.is);
    assert.deepEqual(all, ['refused', 'flags-read', 'flags-read']);
  });

  test('that do not take the certificate of their server are refused without waiting for their end', async () => {
    const line =
      'W1123 1 a.go:1] grpc: {Addr: "127.0.0.1:20001"}. Err: connection error: desc = "transport: authentication handshake failed: x509: certificate signed by unknown authority"';
    const trial = aTrial({ etcd: { readyAfterMs: 100 }, 'kube-apiserver': { lines: [line] } }, ['kube-apiserver']);
    await trial.clock.advance(400);
    await trial.done;
    const outcome = trial.outcome('kube-apiserver');
    assert.ok(outcome?.is === 'refused');
    assert.match(outcome.reason, /^its connection to etcd: authentication handshake failed: x509/);
  });

  test('that exit because their server is not there yet are started again when it is', async () => {
    const lines = ['Error: Get "https://127.0.0.1:20001/api": connect: connection refused'];
    const trial = aTrial(
      {
        etcd: { readyAfterMs: 100 },
        'kube-apiserver': { readyAfterMs: 1000 },
        'kube-scheduler': { exitsAfterMs: 500, lines },
      },
      ['kube-scheduler'],
    );
    await trial.clock.advance(900);
    assert.equal(trial.outcome('kube-scheduler'), undefined);
    await trial.clock.advance(1000);
    assert.equal(trial.started.at(-1), 'kube-scheduler 1');
    // It exits once more, with its server there: that counts.
    await trial.done;
    assert.equal(trial.outcome('kube-scheduler')?.is, 'refused');
  });

  test('that are never ready are refused with what they say last', async () => {
    const lines = ['E1123 03:38:06.1 1 a.go:1] "Cannot lead" err="no lease"'];
    const trial = aTrial({ etcd: { lines } }, ['etcd']);
    await trial.clock.advance(61_000);
    await trial.done;
    const outcome = trial.outcome('etcd');
    assert.ok(outcome?.is === 'refused');
    assert.match(outcome.reason, /it was not ready within 60 s; it says: Cannot lead: no lease/);
  });
});
