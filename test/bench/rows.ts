/** One line of the result. */
export type Row = {
  readonly what: string;
  readonly samples: readonly number[];
  readonly unit: string;
  readonly beside?: string;
};

export const rounds = Number(process.env.ROUNDS ?? 5);
export const idleSeconds = Number(process.env.IDLE_SECONDS ?? 60);

/** Says on stderr how far the run is. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Our median as a multiple of that beside it. */
export function ratio(ours: readonly number[], other: readonly number[], name: string): string {
  return `${(median(ours) / median(other)).toFixed(2)} × ${name}`;
}

export function render({ what, samples, unit, beside }: Row): string {
  const range =
    samples.length > 1
      ? `  (${Math.min(...samples).toFixed(0)}–${Math.max(...samples).toFixed(0)}, ${samples.length} runs)`
      : '';
  const value = median(samples).toFixed(unit === 'ms' ? 0 : 1);
  return `${what.padEnd(60)} ${value.padStart(7)} ${unit}${beside === undefined ? '' : `  ${beside}`}${range}`;
}
