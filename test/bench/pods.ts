import { run } from '../e2e/support/command.ts';
import type { RuntimeUnderTest } from '../e2e/support/engine.ts';
import { memoryOf, processorSeconds } from '../e2e/support/processes.ts';
import { ManyPods } from './many-pods.ts';
import { idleSeconds, type Row, rounds, say } from './rows.ts';

const count = 50;
const edits = 20;

/** Pods of one container from files: all up, idle, edited, crashed, all gone. */
export async function benchPods(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const runtime of ['process', 'docker'] as const) rows.push(...(await benchOn(runtime)));
  return rows;
}

async function benchOn(runtime: RuntimeUnderTest): Promise<readonly Row[]> {
  const pods = new ManyPods(runtime);
  try {
    await pods.begin();
    const rows: Row[] = [];
    rows.push(...(await startAndStop(pods)));
    rows.push(...(await idle(pods)));
    rows.push(...(await reactions(pods)));
    return rows;
  } finally {
    await pods.end();
  }
}

async function startAndStop(pods: ManyPods): Promise<readonly Row[]> {
  const { runtime } = pods;
  const started: number[] = [];
  const stopped: number[] = [];
  const bare: number[] = [];
  const bareRemoved: number[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    if (runtime === 'docker') {
      const { startedMs, removedMs } = await bareContainers(pods);
      bare.push(startedMs);
      bareRemoved.push(removedMs);
    }
    started.push(await pods.timeUntilAllRun(count));
    stopped.push(await pods.timeUntilAllGone());
    say(
      `${count} pods on ${runtime}, round ${round + 1}: ${started.at(-1)?.toFixed(0)}, ${stopped.at(-1)?.toFixed(0)}`,
    );
  }
  const all = [
    { what: `${count} pods from files, all running (${runtime})`, samples: started, unit: 'ms' },
    { what: `${count} pods, all gone (${runtime})`, samples: stopped, unit: 'ms' },
  ];
  if (runtime === 'process') return all;
  return [
    { what: `${count} × docker run, 4 at a time`, samples: bare, unit: 'ms' },
    { what: `docker stop and rm of ${count}`, samples: bareRemoved, unit: 'ms' },
    ...all,
  ];
}

/** The same program in as many containers, without sandboxes, by Docker's own command. */
async function bareContainers({ reference }: ManyPods): Promise<{ startedMs: number; removedMs: number }> {
  const names = Array.from({ length: count }, (_, index) => `bench-bare-${process.pid}-${index}`);
  const begun = performance.now();
  const queue = [...names];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      await run('docker', ['run', '-d', '--network', 'host', '--name', name, reference]);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  const startedMs = performance.now() - begun;
  await run('docker', ['stop', ...names]);
  await run('docker', ['rm', ...names]);
  return { startedMs, removedMs: performance.now() - begun - startedMs };
}

async function idle(pods: ManyPods): Promise<readonly Row[]> {
  const { runtime } = pods;
  await pods.timeUntilAllRun(count);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const callsBefore = pods.calls().length;
  const used = processorSeconds(pods.agentPid);
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
  const percent = ((processorSeconds(pods.agentPid) - used) / idleSeconds) * 100;
  const calls = pods.calls().length - callsBefore;
  const { anonymous, resident } = memoryOf(pods.agentPid);
  const helpers = pods.helperMemory();
  return [
    {
      what: `agent CPU idle, ${count} pods (${runtime})`,
      samples: [percent],
      unit: '% of a core',
      ...(runtime === 'docker' ? { beside: `${calls} calls to the engine in ${idleSeconds} s` } : {}),
    },
    {
      what: `agent RssAnon, ${count} pods (${runtime})`,
      samples: [anonymous],
      unit: 'MiB',
      beside: `VmRSS ${resident.toFixed(0)} MiB${helpers === undefined ? '' : `, helpers ${helpers.toFixed(1)} MiB`}`,
    },
  ];
}

/** With all the other pods there: one edited, one crashed, one added. */
async function reactions(pods: ManyPods): Promise<readonly Row[]> {
  const { runtime } = pods;
  const edited: number[] = [];
  const crashed: number[] = [];
  const firstCalls: number[] = [];
  const restartCalls: number[] = [];
  const used = processorSeconds(pods.agentPid);
  for (let index = 0; index < edits; index++) edited.push(await pods.timeEdit(index));
  const perEdit = ((processorSeconds(pods.agentPid) - used) / edits) * 1000;
  for (let round = 0; round < rounds; round++) {
    const added = await pods.timeFirstCall(`added-${round}`);
    if (added !== undefined) firstCalls.push(added);
    // Each pod's first restart is at once; later ones back off.
    const crash = await pods.timeCrash(edits + round);
    crashed.push(crash.ms);
    if (crash.callMs !== undefined) restartCalls.push(crash.callMs);
  }
  const calls = (what: string, samples: readonly number[]) =>
    samples.length === 0 ? [] : [{ what: `${what} (${runtime})`, samples, unit: 'ms' }];
  return [
    ...calls('file moved in until the first call to the engine', firstCalls),
    { what: `edit of a pod that stops in 1 s until the new one runs (${runtime})`, samples: edited, unit: 'ms' },
    { what: `agent CPU per edit (${runtime})`, samples: [perEdit], unit: 'ms' },
    ...calls('container killed until the call that makes the next', restartCalls),
    { what: `container killed until the next runs (${runtime})`, samples: crashed, unit: 'ms' },
  ];
}
