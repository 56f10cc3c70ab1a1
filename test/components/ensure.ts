import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureDirectory, stampsDirectory } from './cache.ts';
import { type ComponentSet, componentSets, type Family, families } from './catalogue.ts';
import { goBuild } from './go-build.ts';
import { findGo, type Go, isNewEnough, requireGo } from './go-toolchain.ts';
import { packImage } from './image.ts';
import { type Holder, withLock } from './lock.ts';
import {
  archiveRecipe,
  fileOf,
  type ImageOutput,
  type Output,
  type ProgramOutput,
  programRecipe,
  programsOf,
  setOf,
  stampName,
  validOutput,
} from './outputs.ts';
import { Progress } from './progress.ts';
import { writeStamp } from './stamps.ts';

export type Made = { readonly output: Output; readonly state: 'present' | 'built'; readonly seconds: number };

type Run = {
  readonly go: Go | undefined;
  readonly wanted: readonly Output[];
  readonly workDirectory: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  readonly made: Map<Output, number>;
};

/** Builds and packs what is not there or is made from something else, and leaves the rest alone. */
export async function ensureOutputs(wanted: readonly Output[], signal?: AbortSignal): Promise<Made[]> {
  const families = familiesOf(wanted);
  const found = findGo();
  // A go that is too old builds nothing, so it has no say in whether what is there will do.
  const go = found && isNewEnough(found, families) ? found : undefined;
  const lacking = wanted.filter((output) => !validOutput(output, go?.version));
  const made = new Map<Output, number>();
  if (lacking.length > 0) {
    const lackingPrograms = lacking.filter((output) => output.kind === 'program');
    if (lackingPrograms.length > 0) requireGo(found, familiesOf(lackingPrograms));
    const progress = new Progress();
    const workDirectory = join(ensureDirectory(stampsDirectory()), `work-${process.pid}`);
    const run: Run = { go, wanted, workDirectory, progress, signal, made };
    await withLock(
      (holder) => progress.say(waitingFor(holder)),
      () => buildLacking(run),
      signal,
    );
  }
  return wanted.map((output) => {
    const seconds = made.get(output);
    return { output, state: seconds === undefined ? 'present' : 'built', seconds: seconds ?? 0 };
  });
}

function waitingFor(holder: Holder): string {
  return `waiting for process ${holder.pid}, which builds components since ${holder.since}`;
}

async function buildLacking(run: Run): Promise<void> {
  removeLeftovers();
  try {
    await packReady(run);
    for (const set of componentSets) {
      for (const family of families) await buildPrograms(run, family, set);
    }
  } finally {
    rmSync(run.workDirectory, { recursive: true, force: true });
  }
}

/** Whoever has the lock is alone, so other work directories are of runs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(stampsDirectory())) {
    if (name.startsWith('work-'))
      rmSync(join(stampsDirectory(), name), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function buildPrograms(run: Run, family: Family, set: ComponentSet): Promise<void> {
  const { go, workDirectory, progress, signal } = run;
  const outputs = lackingOutputs(run)
    .filter((output) => output.kind === 'program')
    .filter((output) => output.family === family && setOf(output) === set);
  if (!go || outputs.length === 0) return;
  const programs = outputs.map(({ program }) => program);
  const what = `building ${programs.map(({ name }) => name).join(', ')} ${family.version}`;
  const expected = Math.ceil(((family.expectedSeconds[set] ?? 60) * 2) / availableParallelism());
  freshDirectory(workDirectory);
  const start = performance.now();
  const onProgress = (detail: string): void => progress.detail(detail);
  const build = { go, family, programs, workDirectory, onProgress, signal };
  const files = await progress.during(what, expected, () => goBuild(build));
  const seconds = Math.round((performance.now() - start) / 1000);
  for (const output of outputs) {
    const file = files.get(output.program) ?? '';
    moveIntoPlace(run, output, { file, seconds, recipe: programRecipe(output), goVersion: go.version });
  }
  await packReady(run);
}

/** Packs every wanted image whose programs are there, so that the first archives do not wait for the last program. */
async function packReady(run: Run): Promise<void> {
  for (const output of lackingOutputs(run)) {
    if (output.kind !== 'image') continue;
    const recipe = archiveRecipe(output.image, run.go?.version);
    if (recipe !== undefined) await packOne(run, output, recipe);
  }
}

async function packOne(run: Run, output: ImageOutput, recipe: string): Promise<void> {
  const { workDirectory, progress, signal } = run;
  signal?.throwIfAborted();
  freshDirectory(workDirectory);
  const held = programsOf(output.image);
  const locate = (name: string): string => {
    const program = held.find((candidate) => candidate.program.name === name);
    return program ? fileOf(program) : '';
  };
  const destination = join(workDirectory, 'image.tar');
  const start = performance.now();
  await packImage(output.image, locate, { destination, workDirectory });
  const seconds = Math.round((performance.now() - start) / 1000);
  moveIntoPlace(run, output, { file: destination, seconds, recipe });
  progress.say(`packed ${output.image.reference} into ${fileOf(output)}`);
}

type NewFile = { file: string; seconds: number; recipe: string; goVersion?: string };

/** The stamp comes last: killed in between, the next run makes the output again. */
function moveIntoPlace(run: Run, output: ProgramOutput | ImageOutput, { file, ...origin }: NewFile): void {
  const content = readFileSync(file);
  ensureDirectory(dirname(fileOf(output)));
  renameSync(file, fileOf(output));
  const sha256 = createHash('sha256').update(content).digest('hex');
  writeStamp(stampName(output), { ...origin, size: content.length, sha256 });
  run.made.set(output, origin.seconds);
}

function lackingOutputs({ wanted, go }: Run): Output[] {
  return wanted.filter((output) => !validOutput(output, go?.version));
}

function familiesOf(outputs: readonly Output[]): Family[] {
  return [...new Set(outputs.map((output) => (output.kind === 'program' ? output.family : output.image.family)))];
}

function freshDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
}
