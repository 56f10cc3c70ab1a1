import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AgentHarness, manifestsDir, webManifest } from './agent-harness.ts';

/** Memory at one moment of a churn run, after a full collection. */
export type ChurnSample = { readonly hours: number; readonly pods: number; readonly heapBytes: number };

const dayMs = 24 * 3_600_000;
const batch = 100;

/**
 * A day in which pods come, are edited, crash, cannot be pulled, and go, a hundred at a time, through an agent on the fake
 * runtime and clock; gives the heap over the day. `pods`: how many in all.
 */
export async function churn(pods: number, samples = 20): Promise<readonly ChurnSample[]> {
  const harness = new AgentHarness();
  harness.runtime.behave('app', { stopsAfterMs: 1000 });
  await harness.start();
  const rounds = Math.ceil(pods / batch);
  const roundMs = dayMs / rounds;
  const series: ChurnSample[] = [];
  for (let round = 0; round < rounds; round++) {
    await playRound(harness, round, roundMs);
    if (round % Math.ceil(rounds / samples) !== 0 && round !== rounds - 1) continue;
    series.push({
      hours: ((round + 1) * roundMs) / 3_600_000,
      pods: (round + 1) * batch,
      heapBytes: heapAfterCollection(),
    });
  }
  await harness.stop();
  return series;
}

async function playRound(harness: AgentHarness, round: number, roundMs: number): Promise<void> {
  const { clock, runtime, files } = harness;
  const names = Array.from({ length: batch }, (_, index) => `pod-${round}-${index}`);
  const write = (name: string, more: readonly string[] = [], image = 'app:1') =>
    files.seed(
      `${manifestsDir}/${name}.yaml`,
      webManifest(more).replace('name: web', `name: ${name}`).replace('app:1', image),
    );
  for (const name of names) write(name);
  write(names[0] ?? '', [], `missing:${round}`);
  await harness.agent.look();
  await clock.advance(30_000);
  for (const name of names.slice(batch / 2)) write(name, [`hostname: round${round}`]);
  for (const { id } of runtime.containers.values()) runtime.exit(id, 1);
  await harness.agent.look();
  await clock.advance(30_000);
  for (const name of names) await files.remove(`${manifestsDir}/${name}.yaml`);
  await harness.agent.look();
  await clock.advance(roundMs - 60_000);
  // What the fakes remember is no part of the agent.
  runtime.calls.length = 0;
  files.mutations.length = 0;
  harness.log.warnings.length = 0;
  harness.told.length = 0;
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
