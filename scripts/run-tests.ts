/**
 * Runs the unit tests or the end-to-end tests with node:test, each file in a process of its own, and prints the ten
 * slowest: `node scripts/run-tests.ts unit|e2e [part of a file name …]`.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const [kind = 'unit', ...parts] = process.argv.slice(2);
const endToEnd = kind === 'e2e';
const files = globSync('test/**/*.test.ts')
  .filter((file) => file.startsWith('test/e2e/') === endToEnd)
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();

const slowest: { name: string; ms: number }[] = [];
let failed = files.length === 0;

const events = run({
  files,
  // End-to-end tests share the machine's engine and measure nothing, but two control planes at once starve two cores.
  concurrency: endToEnd ? 1 : Math.max(2, availableParallelism()),
  timeout: endToEnd ? 600_000 : 120_000,
});
events.on('test:pass', (event) => note(event.name, event.details.duration_ms));
events.on('test:fail', (event) => {
  note(event.name, event.details.duration_ms);
  if (event.todo === undefined) failed = true;
});
events.compose(spec).pipe(process.stdout);
events.on('end', () => {
  if (files.length === 0) process.stderr.write(`no test file matches ${parts.join(' ')}\n`);
  process.exitCode = failed ? 1 : 0;
});
process.on('exit', () => {
  slowest.sort((a, b) => b.ms - a.ms);
  process.stdout.write('ten slowest:\n');
  for (const { name, ms } of slowest.slice(0, 10)) process.stdout.write(`  ${(ms / 1000).toFixed(1)} s  ${name}\n`);
});

function note(name: string, ms: number): void {
  if (!name.endsWith('.test.ts')) slowest.push({ name, ms });
}
