import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { program } from '../../test/components/locations.ts';
import { type Cast, castOf, castText } from './cast.ts';
import { castSvg } from './cast-svg.ts';

const [columns, rows] = [100, 30];
const keySeconds = 0.03;
const readSeconds = 0.8;
const redrawSeconds = 0.25;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal gets
const redraw = /^\r\u001b\[2K[^\n]*$/;

type Recording = {
  /** Of the two files below docs/recordings/. */
  readonly name: string;
  readonly title: string;
  /** Commands that are not shown, before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly steps: readonly string[];
};

/**
 * Runs the steps one after another in one new directory, each on a terminal of its own (util-linux `script`, which notes
 * when what was written), and keeps what is really printed, at its real pace, as `NAME.cast` and `NAME.svg`. Only the
 * typing is ours.
 */
export function recordCast({ name, title, before, after, steps }: Recording): void {
  const home = mkdtempSync(join(tmpdir(), 'recording-'));
  try {
    for (const line of before) run(home, line);
    const timestamp = Math.floor(Date.now() / 1000);
    const cast = { title, timestamp, columns, rows, events: thinned(masked(home, eventsOf(home, steps))) };
    mkdirSync('docs/recordings', { recursive: true });
    const text = castText(cast);
    writeFileSync(join('docs/recordings', `${name}.cast`), text);
    writeFileSync(join('docs/recordings', `${name}.svg`), castSvg(castOf(text)));
  } finally {
    for (const line of after) run(home, line);
    rmSync(home, { recursive: true, force: true });
  }
}

function eventsOf(home: string, steps: readonly string[]): Cast['events'] {
  const events: [number, string][] = [];
  let now = 0;
  const write = (text: string, seconds: number) => {
    now += seconds;
    events.push([now, text]);
  };
  for (const step of steps) {
    write('\u001b[1m$ ', readSeconds);
    for (const key of step) write(key, keySeconds);
    write('\u001b[22m\r\n', readSeconds / 2);
    for (const [seconds, text] of run(home, step)) write(text, seconds);
  }
  return events;
}

/** What a command writes to its terminal, with the seconds that passed before each piece; it must succeed. */
function run(home: string, line: string): Cast['events'] {
  const [output, timing] = [join(home, '.output'), join(home, '.timing')];
  const shell = `stty cols ${columns} rows ${rows}; ${line}`;
  const PATH = `${resolve('bin')}:${dirname(program('kubectl'))}:${process.env.PATH}`;
  const { NO_COLOR: _, ...own } = process.env;
  const env = { ...own, PATH, TERM: 'xterm-256color', KUBECONFIG: join(home, 'plane/etc/kubernetes/admin.conf') };
  const { error, status } = spawnSync('script', ['-qefc', shell, '--log-out', output, '--log-timing', timing], {
    cwd: home,
    env,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`exit code ${status}: ${line}\n${readFileSync(output, 'utf8')}`);
  return timed(readFileSync(output), readFileSync(timing, 'utf8'));
}

/** scriptreplay(1): each line says after how many seconds how many bytes came; the log begins with a line of its own. */
function timed(output: Buffer, timing: string): Cast['events'] {
  const decoder = new TextDecoder();
  let at = output.indexOf('\n') + 1;
  return timing
    .trim()
    .split('\n')
    .map((line) => {
      const [seconds = 0, bytes = 0] = line.split(' ').map(Number);
      const text = decoder.decode(output.subarray(at, at + bytes), { stream: true });
      at += bytes;
      return [seconds, text] as const;
    });
}

function masked(home: string, events: Cast['events']): Cast['events'] {
  return events.map(([seconds, text]) => [seconds, text.replaceAll(home, '~')] as const);
}

/** A line that is drawn over itself many times a second is kept a few times a second. */
function thinned(events: Cast['events']): Cast['events'] {
  const kept: (readonly [number, string])[] = [];
  for (const event of events) {
    const last = kept.at(-1);
    const overdrawn = last !== undefined && redraw.test(last[1]) && event[1].startsWith('\r\u001b[2K');
    if (overdrawn && event[0] - last[0] < redrawSeconds) kept[kept.length - 1] = [last[0], event[1]];
    else kept.push(event);
  }
  return kept;
}
