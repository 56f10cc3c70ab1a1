import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '../../../src/kube/types.ts';
import type { CanaryDoors } from '../../../src/rollout/canary/doors.ts';
import { askFlags } from '../../../src/rollout/plan/unknown-flags.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aComponentPod } from '../../fakes/init-context.ts';

/** Programs that know some flags, complain of the first other one as Go's flag packages do, and end at once. */
function programs(
  known: readonly string[],
  change: { readonly form?: 'pflag' | 'flag'; readonly hangs?: boolean } = {},
) {
  const runs: string[][] = [];
  const pods: Pod[] = [];
  const state = change.hangs ? 'running' : 'exited';
  const complain = (name: string) =>
    change.form === 'flag'
      ? [`flag provided but not defined: -${name}`, 'Usage:', '  etcd [flags]']
      : ['Usage:', '  --v int', `Error: unknown flag: --${name}`];
  const runtime = {
    createSandbox: async () => 's',
    startContainer: async () => String(runs.length),
    observePods: async () => [{ containers: [{ id: String(runs.length), state }] }],
  } as unknown as ContainerRuntime;
  const doors = {
    runtime: async () => runtime,
    obtainImage: async (reference: string, policy: string) => {
      if (reference.includes('absent')) throw new Error(`${reference} is nowhere to be had`);
      assert.equal(policy, 'Never');
      return { id: 'sha256:1' };
    },
    podConfigs: async (pod: Pod) => {
      pods.push(pod);
      runs.push([...(pod.spec.containers[0]?.command ?? [])]);
      return { sandbox: {}, container: { logPath: '/log' } };
    },
    lastLines: async () => {
      const words = runs.at(-1) ?? [];
      const names = words.flatMap((word) => (word.startsWith('--') ? [word.slice(2).split('=')[0] ?? ''] : []));
      const unknown = names.find((name) => name !== 'help' && !known.includes(name));
      return unknown === undefined ? ['Usage:'] : complain(unknown);
    },
  } as unknown as CanaryDoors;
  return { runs, pods, doors };
}

function aQuestion(command: readonly string[], image = 'kube-scheduler:v1.37.2') {
  const { pod } = aComponentPod('kube-scheduler');
  const containers = pod.spec.containers.map((container) => ({ ...container, command: [...command], args: [], image }));
  return {
    component: 'kube-scheduler' as const,
    from: 'v1.36.3',
    to: 'v1.37.2',
    pod: { ...pod, spec: { ...pod.spec, containers } },
  };
}

const { signal } = new AbortController();

describe('the flags of a new version', () => {
  test('are asked of the program itself, with its own command line and nothing of the machine', async () => {
    const { doors, runs, pods } = programs(['v', 'bind-address']);
    const answers = await askFlags({ doors, clock: new FakeClock(), signal }, [
      aQuestion(['kube-scheduler', '--bind-address=127.0.0.1', '--v=2']),
    ]);
    assert.deepEqual(answers, { blocked: [], notes: [] });
    assert.deepEqual(runs, [['kube-scheduler', '--bind-address=127.0.0.1', '--v=2', '--help']]);
    assert.deepEqual([pods[0]?.spec.volumes, pods[0]?.spec.containers[0]?.volumeMounts], [undefined, []]);
  });

  for (const form of ['pflag', 'flag'] as const) {
    test(`that it does not know are all named, with the version (${form})`, async () => {
      const { doors } = programs(['v'], { form });
      const { blocked } = await askFlags({ doors, clock: new FakeClock(), signal }, [
        aQuestion(['kube-scheduler', '--gone=1', '--v=2', '--gone=2', '--also-gone']),
      ]);
      assert.deepEqual(blocked, [
        {
          field: 'kube-scheduler --gone',
          from: 'v1.36.3',
          to: 'v1.37.2',
          because: 'kube-scheduler v1.37.2 has no flag --gone',
        },
        {
          field: 'kube-scheduler --also-gone',
          from: 'v1.36.3',
          to: 'v1.37.2',
          because: 'kube-scheduler v1.37.2 has no flag --also-gone',
        },
      ]);
    });
  }

  test('of an image that is not here are not asked, and nothing is pulled for it', async () => {
    const { doors } = programs([]);
    const { blocked, notes } = await askFlags({ doors, clock: new FakeClock(), signal }, [
      aQuestion(['kube-scheduler', '--gone'], 'absent:v1.37.2'),
    ]);
    assert.deepEqual(blocked, []);
    assert.match(notes.join(), /^whether kube-scheduler v1\.37\.2 knows all its flags was not asked: absent/);
  });

  test('of a program that does not end are not waited for', async () => {
    const { doors } = programs([], { hangs: true });
    const clock = new FakeClock();
    const asked = askFlags({ doors, clock, signal }, [aQuestion(['kube-scheduler'])]);
    await clock.advance(21_000);
    assert.match((await asked).notes.join(), /it did not end within 20 s/);
  });
});
