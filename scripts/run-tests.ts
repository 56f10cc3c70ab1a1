/**
 * Runs the unit tests or the end-to-end tests with node:test, each file in a process of its own, and prints the ten
 * slowest: `node scripts/run-tests.ts unit|e2e [part of a file name …]`. An end-to-end file that fails is run once more;
 * one that passes then is named at the end, for somebody to find out why.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

type Ran = { readonly passed: number; readonly failed: number; readonly tests: readonly Slow[] };
type Slow = { readonly name: string; readonly ms: number };

const [kind = 'unit', ...parts] = process.argv.slice(2);
const endToEnd = kind === 'e2e';
const files = globSync('test/**/*.test.ts')
  .filter((file) => file.startsWith('test/e2e/') === endToEnd)
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();

const unstable: string[] = [];
const ran = endToEnd ? await oneByOne() : [await runFiles(files, Math.max(2, availableParallelism()))];
const sum = (count: (one: Ran) => number) => ran.reduce((total, one) => total + count(one), 0);
const failed = sum((one) => one.failed);
if (files.length === 0) process.stderr.write(`no test file matches ${parts.join(' ')}\n`);
process.stdout.write('ten slowest:\n');
const slowest = ran.flatMap(({ tests }) => tests).sort((a, b) => b.ms - a.ms);
for (const { name, ms } of slowest.slice(0, 10)) process.stdout.write(`  ${(ms / 1000).toFixed(1)} s  ${name}\n`);
for (const file of unstable) process.stdout.write(`unstable: ${file} failed, and passed when it was run again\n`);
process.stdout.write(`${sum((one) => one.passed)} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || files.length === 0 ? 1 : 0;

/** They share the machine's engine and measure nothing, but two control planes at once starve two cores. */
async function oneByOne(): Promise<readonly Ran[]> {
  const all: Ran[] = [];
  for (const file of files) {
    let one = await runFiles([file], 1);
    if (one.failed > 0) {
      process.stdout.write(`${file} has failed and is run again\n`);
      one = await runFiles([file], 1);
      if (one.failed === 0) unstable.push(file);
    }
    all.push(one);
  }
  return all;
}

/** What failed is shown with its error, as it happens. */
async function runFiles(chosen: readonly string[], concurrency: number): Promise<Ran> {
  let [passed, failures, broken] = [0, 0, false];
  const tests: Slow[] = [];
  const events = run({ files: [...chosen], concurrency, timeout: endToEnd ? 600_000 : 120_000 });
  const note = (event: { readonly name: string; readonly details: { readonly duration_ms: number } }) => {
    if (!event.name.endsWith('.test.ts')) tests.push({ name: event.name, ms: event.details.duration_ms });
  };
  events.on('test:pass', (event) => {
    note(event);
    if (event.details.type !== 'suite') passed += 1;
  });
  events.on('test:fail', (event) => {
    note(event);
    broken = true;
    if (event.details.type !== 'suite') failures += 1;
  });
  // The counts of each file would stand between them.
  const shown = events.filter(({ type }: { type: string }) => type !== 'test:diagnostic').compose(spec);
  shown.pipe(process.stdout, { end: false });
  await new Promise((resolve) => shown.on('end', resolve));
  return { passed, failed: broken ? Math.max(1, failures) : 0, tests };
}
