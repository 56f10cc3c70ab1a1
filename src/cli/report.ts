import { humanDuration } from '../base/duration.ts';
import type { ItemReport, Report } from '../base/report.ts';
import type { WorkflowReport } from '../phases/run.ts';
import type { CliContext, CommonOptions } from './command.ts';
import { LivingLine } from './living-line.ts';
import type { Style } from './style.ts';
import { styleOf, table } from './style.ts';

/** What a workflow tells the user; `finish` gives the result. */
export type CliReport = Report &
  WorkflowReport & {
    /** The result: text for people, or the document's own members for json and ndjson. */
    finish(result: { readonly text: string; readonly document: Readonly<Record<string, unknown>> }): void;
    /** Takes a living line away; safe to call at any time. */
    settle(): void;
  };

type Streams = Pick<CliContext, 'stdout' | 'stderr' | 'clock'>;

/** Text: progress on stderr, the result on stdout. json: one document on stdout. ndjson: one event a line. */
export function createReport(streams: Streams, common: CommonOptions): CliReport {
  if (common.output === 'ndjson') return eventReport(streams);
  const text = textReport(streams, common);
  return common.output === 'json' ? documentReport(streams, text) : text;
}

function textReport({ stdout, stderr, clock }: Streams, common: CommonOptions): CliReport {
  const style = styleOf(common.color && stderr.isTerminal);
  const living = new LivingLine(stderr);
  const line = (text: string) => {
    living.clear();
    stderr.write(`${text}\n`);
  };
  return {
    phaseStarted: (path) => line(style.bold(path)),
    phaseEnded: (path, { durationMs, skipped }) => {
      living.clear();
      if (skipped !== undefined) line(`  ${style.dim(`skipped: ${skipped}`)}`);
      else if (common.verbosity >= 1) line(`  ${style.dim(`${path} took ${humanDuration(durationMs)}`)}`);
    },
    item: (report) => line(`  ${itemText(report, style)}`),
    waiting: (what, sinceMs) => living.show(what, sinceMs, clock.now()),
    info: (message) => line(`  ${message}`),
    warn: (message) => line(`  ${style.yellow('warning:')} ${message}`),
    file: (path, content) => {
      living.clear();
      stdout.write(`${styleOf(common.color && stdout.isTerminal).bold(`--- ${path}`)}\n${content.trimEnd()}\n\n`);
    },
    finish: (result) => {
      living.clear();
      stdout.write(result.text);
    },
    settle: () => living.clear(),
  };
}

/** `apiserver.crt  renew  expires in 12 days` */
function itemText({ item, action, because }: ItemReport, style: Style): string {
  const calm = /^(keep|skip)/.test(action);
  const paint = action.endsWith('failed') ? style.red : style.green;
  const cells = [item.padEnd(28), action.padEnd(7)].map((cell, index) => (index === 1 && !calm ? paint(cell) : cell));
  const text = table([[...cells, because]]).trimEnd();
  return calm ? style.dim(text) : text;
}

type Gathered = { name: string; items: ItemReport[]; durationMs?: number; skipped?: string };

function documentReport({ stdout }: Streams, text: CliReport): CliReport {
  const phases: Gathered[] = [];
  const warnings: string[] = [];
  const files: { path: string; content: string }[] = [];
  return {
    ...text,
    phaseStarted: (name) => {
      phases.push({ name, items: [] });
      text.phaseStarted(name);
    },
    phaseEnded: (path, outcome) => {
      Object.assign(phases.findLast(({ name }) => name === path) ?? {}, outcome);
      text.phaseEnded(path, outcome);
    },
    item: (report) => {
      phases.at(-1)?.items.push(report);
      text.item(report);
    },
    warn: (message) => {
      warnings.push(message);
      text.warn(message);
    },
    file: (path, content) => {
      files.push({ path, content });
    },
    finish: ({ document }) => {
      text.settle();
      const more = files.length === 0 ? {} : { files };
      stdout.write(`${JSON.stringify({ ...document, phases, warnings, ...more }, undefined, 2)}\n`);
    },
  };
}

function eventReport({ stdout, stderr, clock }: Streams): CliReport {
  const tell = (event: string, members: Readonly<Record<string, unknown>>) =>
    stdout.write(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), event, ...members })}\n`);
  let lastWait = '';
  return {
    phaseStarted: (phase) => tell('phase-started', { phase }),
    phaseEnded: (phase, outcome) => tell('phase-ended', { phase, ...outcome }),
    item: (report) => tell('item', report),
    waiting: (what, sinceMs) => {
      // What is waited for changes seldom, how long at each call.
      const gist = what.replace(/[\d.]+ (s|min|h|d)\b/g, '');
      if (gist !== lastWait) tell('waiting', { what, since: new Date(sinceMs).toISOString() });
      lastWait = gist;
    },
    info: (message) => tell('info', { message }),
    warn: (message) => tell('warning', { message }),
    file: (path, content) => tell('file', { path, content }),
    finish: ({ document }) => tell('result', document),
    settle: () => stderr.write(''),
  };
}
