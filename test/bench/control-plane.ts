import { cpSync } from 'node:fs';
import { bootstrap, eventually, expectCode } from '../e2e/support/command.ts';
import type { RuntimeUnderTest } from '../e2e/support/engine.ts';
import { Plane } from '../e2e/support/plane.ts';
import { memoryOf, processesOf, processorSeconds } from '../e2e/support/processes.ts';
import { bareStart } from './bare-start.ts';
import { answersOk } from './health.ts';
import { kubeadmStart } from './kubeadm-start.ts';
import { idleSeconds, type Row, ratio, rounds, say } from './rows.ts';

const rows: Row[] = [];

/** `init` beside the bare start of the same programs and beside kubeadm; then what the running plane costs. */
export async function benchControlPlane(): Promise<readonly Row[]> {
  for (const runtime of ['process', 'docker'] as const) await benchInit(runtime);
  for (const runtime of ['process', 'docker'] as const) await benchRunning(runtime);
  await benchKubeadm();
  await benchCommands();
  return rows;
}

/** Alternates the bare start and `init` from an empty directory to all four healthy. */
async function benchInit(runtime: RuntimeUnderTest): Promise<void> {
  const bare: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await once(runtime, timeBare));
    ours.push(await once(runtime, timeInit));
    say(`init on ${runtime}, round ${round + 1}: bare ${bare.at(-1)?.toFixed(0)}, ours ${ours.at(-1)?.toFixed(0)} ms`);
  }
  rows.push({ what: `bare start (${runtime})`, samples: bare, unit: 'ms' });
  rows.push({ what: `bootstrap init (${runtime})`, samples: ours, unit: 'ms', beside: ratio(ours, bare, 'bare') });
}

async function once(runtime: RuntimeUnderTest, measure: (plane: Plane) => Promise<number>): Promise<number> {
  const plane = new Plane(runtime);
  try {
    return await measure(plane);
  } finally {
    await plane.destroy();
  }
}

async function timeBare(plane: Plane): Promise<number> {
  for (const phase of ['certs', 'kubeconfig', 'etcd', 'control-plane'])
    expectCode(await plane.init(['phase', phase]), 0);
  cpSync(plane.path('etc/kubernetes/manifests'), plane.path('bare'), { recursive: true });
  const { ms, stop } = await bareStart(plane);
  await stop();
  return ms;
}

async function timeInit(plane: Plane): Promise<number> {
  const begun = performance.now();
  expectCode(await plane.init(), 0);
  return performance.now() - begun;
}

/** Memory and processor time of the agent after a minute idle, a killed API server, and `status`. */
async function benchRunning(runtime: RuntimeUnderTest): Promise<void> {
  const plane = new Plane(runtime);
  try {
    expectCode(await plane.init(), 0);
    const pid = plane.agentPid();
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const used = processorSeconds(pid);
    await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
    rows.push({
      what: `agent CPU idle, 4 pods (${runtime})`,
      samples: [((processorSeconds(pid) - used) / idleSeconds) * 100],
      unit: '% of a core',
    });
    const { anonymous, resident } = memoryOf(pid);
    rows.push({
      what: `agent RssAnon, 4 pods (${runtime})`,
      samples: [anonymous],
      unit: 'MiB',
      beside: `VmRSS ${resident.toFixed(0)} MiB`,
    });
    await benchKill(plane);
    await eventually('all is ready again', async () => (await plane.status()).ready || undefined, 60_000);
    const status: number[] = [];
    for (let round = 0; round < rounds; round++) status.push(await timed(() => plane.bootstrap(['status'])));
    rows.push({ what: `bootstrap status (${runtime})`, samples: status, unit: 'ms' });
    rows.push({ what: `second init (${runtime})`, samples: [await timed(() => plane.init())], unit: 'ms' });
  } finally {
    await plane.destroy();
  }
}

/** kube-apiserver killed: until its next process is there (what we add), and until that answers (its own start too). */
async function benchKill(plane: Plane): Promise<void> {
  const [pid] = processesOf(plane.root, 'kube-apiserver');
  if (pid === undefined) throw new Error('kube-apiserver does not run');
  const begun = performance.now();
  process.kill(pid, 'SIGKILL');
  await eventually('the next process', () => processesOf(plane.root, 'kube-apiserver').find((next) => next !== pid));
  const restarted = performance.now() - begun;
  await answersOk(plane, 'kube-apiserver', '/livez');
  const answered = performance.now() - begun;
  rows.push({ what: `kube-apiserver killed until it runs again (${plane.runtime})`, samples: [restarted], unit: 'ms' });
  rows.push({
    what: `kube-apiserver killed until it answers (${plane.runtime})`,
    samples: [answered],
    unit: 'ms',
    beside: `its own start ${(answered - restarted).toFixed(0)} ms`,
  });
}

async function benchKubeadm(): Promise<void> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const result = await kubeadmStart();
    if ('because' in result) {
      process.stdout.write(`kubeadm init with kubelet and containerd: not measured, ${result.because}\n`);
      return;
    }
    samples.push(result.ms);
  }
  rows.push({ what: 'kubeadm init, kubelet, containerd', samples, unit: 'ms' });
}

async function benchCommands(): Promise<void> {
  const help: number[] = [];
  await bootstrap(['--help']);
  for (let round = 0; round < rounds * 2; round++) help.push(await timed(() => bootstrap(['--help'])));
  rows.push({ what: 'bootstrap --help', samples: help, unit: 'ms' });
}

async function timed(action: () => ReturnType<typeof bootstrap>): Promise<number> {
  const begun = performance.now();
  expectCode(await action(), 0);
  return performance.now() - begun;
}
