import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { type Ran, run } from '../e2e/support/command.ts';
import type { Lab } from './lab.ts';
import { defaultLimitS, type Step, type Story } from './story.ts';

type Environment = Readonly<Record<string, string>>;
type Told = { readonly text: string; readonly wrong?: string };

/** An emulated machine has better things to do than to be asked all the time. */
const betweenTriesMs = 15_000;

/**
 * Runs the steps one after the other, from the one numbered `from` on, and writes each, as it ends, into the transcript;
 * throws at the first that fails.
 */
export async function tell(
  story: Story,
  lab: Lab,
  { transcript, from }: { transcript: string; from: number },
): Promise<void> {
  const note = (text: string) => {
    process.stdout.write(text);
    appendFileSync(transcript, text);
  };
  const environment = { ...lab.environment, ...story.variables };
  if (from === 0) {
    writeFileSync(transcript, '');
    note(`# ${story.about}\n# begun ${minute()}, ${lab.machine}\n`);
  } else note(`\n# gone on ${minute()}\n`);
  for (const [number, step] of story.steps.entries()) {
    if (number < from) continue;
    if (step.say !== undefined) note(`\n# ${step.say}\n\n`);
    const started = performance.now();
    const told = step.until === undefined ? await once(step, lab, environment) : await until(step, lab, environment);
    note(
      `${promptOf(step)}   [${((performance.now() - started) / 1000).toFixed(1)} s]\n${shown(step, told.text, lab)}`,
    );
    if (told.wrong !== undefined) throw new Error(`step ${number}, ${promptOf(step)}: ${told.wrong}\n${told.text}`);
  }
  note(`\n# ended ${minute()}\n`);
}

const bootstrapToken = /\b([a-z0-9]{6})\.[a-z0-9]{16}\b/g;

const minute = () => `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`;

async function once(step: Step, lab: Lab, environment: Environment): Promise<Told> {
  const limitS = step.limitS ?? defaultLimitS;
  const ran = await ranOf(step, limitS, lab, environment);
  const text = ran.stdout + ran.stderr;
  const wrong = ran.code === 137 ? `not done within ${limitS} s` : wrongIn(step, ran.code, text);
  return wrong === undefined ? { text } : { text, wrong };
}

/** Tries again and again; each try is cut off after half a minute, as a machine that boots may swallow one. */
async function until(step: Step, lab: Lab, environment: Environment): Promise<Told> {
  const limitS = step.limitS ?? defaultLimitS;
  const deadline = performance.now() + limitS * 1000;
  for (;;) {
    const told = await once({ ...step, limitS: 30 }, lab, environment);
    if (told.wrong === undefined) return told;
    if (performance.now() > deadline) return { ...told, wrong: `${step.until}: not within ${limitS} s; ${told.wrong}` };
    await pause(betweenTriesMs);
  }
}

function ranOf(step: Step, limitS: number, lab: Lab, environment: Environment): Promise<Ran> {
  const [program, args] =
    step.host === undefined
      ? ['ssh', ['-F', join(lab.state, 'ssh.cfg'), '-o', 'ConnectTimeout=20', machineOf(step), `${step.vm}`]]
      : ['bash', ['-c', step.host]];
  return run(program, args, { env: environment, timeoutMs: limitS * 1000, cwd: lab.repository });
}

function wrongIn(step: Step, code: number, text: string): string | undefined {
  const wanted = step.code ?? 0;
  if (wanted !== 'any' && code !== wanted) return `exit code ${code}, not ${wanted}`;
  const missing = step.expect?.find((pattern) => !pattern.test(text));
  return missing === undefined ? undefined : `does not say ${missing.source}`;
}

const machineOf = (step: Step) => step.on ?? 'control-plane';
const promptOf = (step: Step) => (step.host === undefined ? `${machineOf(step)}$ ${step.vm}` : `$ ${step.host}`);

function shown(step: Step, text: string, lab: Lab): string {
  const { STATE = '', WORKER_PROGRAMS = '' } = lab.environment;
  const paths = text
    .replaceAll(WORKER_PROGRAMS, '$WORKER_PROGRAMS')
    .replaceAll(STATE, '$STATE')
    .replaceAll(`${lab.repository}/`, '');
  const plain = stripVTControlCharacters(paths.replaceAll(bootstrapToken, '$1.<secret>'));
  // Of a line that was written over again and again, what was left.
  const lines = plain.split(/\r?\n/).map((line) => (line.split('\r').at(-1) ?? '').trimEnd());
  const wanted = lines.filter((line) => line.trim() !== '' && !step.hide?.test(line) && !/still waiting/.test(line));
  const last = wanted.slice(-(step.tail ?? wanted.length));
  return last.map((line) => `${line}\n`).join('');
}
