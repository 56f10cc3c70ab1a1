import { churn } from '../fakes/churn.ts';
import { type Row, say } from './rows.ts';

const pods = Number(process.env.CHURN_PODS ?? 20_000);
const width = 60;

/** A simulated day of pods that come, change and go: prints the heap as bars over the hours. */
export async function benchChurn(): Promise<readonly Row[]> {
  const series = await churn(pods, 24);
  const most = Math.max(...series.map(({ heapBytes }) => heapBytes));
  say(`heap of the agent over a simulated day, ${pods} pods:`);
  for (const { hours, heapBytes } of series) {
    const bar = '█'.repeat(Math.round((heapBytes / most) * width));
    say(`${hours.toFixed(1).padStart(5)} h ${mebibytes(heapBytes).toFixed(1).padStart(6)} MiB ${bar}`);
  }
  const ends = [series[2], series.at(-1)].flatMap((sample) => (sample === undefined ? [] : [sample.heapBytes]));
  const [early = 0, late = 0] = ends.map(mebibytes);
  return [
    {
      what: `heap after a simulated day of ${pods} pods`,
      samples: [late],
      unit: 'MiB',
      beside: `${early.toFixed(1)} MiB after a tenth of it`,
    },
  ];
}

function mebibytes(bytes: number): number {
  return bytes / 2 ** 20;
}
