import { humanDuration } from '../base/duration.ts';
import { pathsOf } from '../config/paths.ts';
import { currentRevision, lastGoodRevision, type Revision } from '../rollout/revision.ts';
import { readRevisions, revisionNumbers } from '../rollout/revisions.ts';
import { changeUnderWay } from '../rollout/rollout-lock.ts';
import type { CommandRun } from './command.ts';
import { rootFlag } from './root-flag.ts';
import { layOut, wrapped } from './status-layout.ts';
import { plainScreen, type Screen } from './status-table.ts';
import { styleOf, table } from './style.ts';
import { rootDirOf } from './workflow-context.ts';

const shownChanges = 2;
const widestMessage = 60;

/** `bootstrap history`: every revision, newest first. Reads, changes nothing. */
export const run: CommandRun = async ({ host, stdout, stderr }, { options, common }) => {
  const paths = pathsOf(rootDirOf(host, options));
  const { root, revisionsDir } = paths;
  const [revisions, numbers] = await Promise.all([
    readRevisions(host, revisionsDir),
    revisionNumbers(host, revisionsDir),
  ]);
  const unreadable = numbers.filter((number) => !revisions.some((revision) => revision.number === number));
  for (const number of unreadable) stderr.write(`warning: ${revisionsDir}/${number} holds no readable revision\n`);
  if (common.output === 'text') {
    const screen = stdout.isTerminal ? { columns: stdout.columns, style: styleOf(common.color) } : plainScreen;
    const nothing = `There is no revision below ${root}.\nnext: bootstrap init${rootFlag(root)}\n`;
    stdout.write(revisions.length === 0 ? nothing : historyTable(revisions, screen));
    const note = await changeUnderWay(host, paths);
    if (note !== undefined) stdout.write(`\n${wrapped(note, screen.columns).trimStart()}`);
    return 0;
  }
  const documents = documentsOf(revisions);
  if (common.output === 'ndjson') stdout.write(documents.map((one) => `${JSON.stringify(one)}\n`).join(''));
  else stdout.write(`${JSON.stringify({ kind: 'History', revisions: documents }, undefined, 2)}\n`);
  return 0;
};

const head = ['REVISION', 'WHEN', 'RESULT', 'TOOK', 'WHO'] as const;

/** One line for each revision; on a screen that is too narrow for that, what it changed below it. */
function historyTable(revisions: readonly Revision[], screen: Screen): string {
  const current = currentRevision(revisions);
  const rows = revisions.toReversed().map((revision) => ({
    cells: cellsOf(revision, revision === current),
    tone: toneOf(revision),
    texts: [whatOf(revision), whyOf(revision)],
  }));
  const lines = [[...head, 'WHAT', 'MESSAGE'], ...rows.map(({ cells, texts }) => [...cells, ...texts])];
  const fits = table(lines)
    .split('\n')
    .every((line) => line.length <= screen.columns);
  const narrow = rows.map(({ texts, ...row }) => ({ ...row, remark: texts.filter((text) => text !== '-').join('; ') }));
  if (!fits) return layOut(head, narrow, screen);
  const { bold, ...colours } = screen.style;
  const paint = { good: colours.green, calm: colours.yellow, bad: colours.red };
  const painted = rows.map(({ cells, tone, texts }) => [
    ...cells.map((cell, index) => (head[index] === 'RESULT' ? paint[tone](cell) : cell)),
    ...texts,
  ]);
  return table([[...head, 'WHAT', 'MESSAGE'].map(bold), ...painted]);
}

function cellsOf({ number, startedAt, result, finishedAt, who }: Revision, isCurrent: boolean): readonly string[] {
  const took = finishedAt === undefined ? '-' : humanDuration(Date.parse(finishedAt) - Date.parse(startedAt));
  return [`${number}${isCurrent ? '*' : ''}`, startedAt.replace(/\.\d+Z$/, 'Z'), result, took, who.user];
}

function toneOf({ result }: Revision): 'good' | 'calm' | 'bad' {
  if (result === 'good') return 'good';
  return result === 'rolled-back' ? 'calm' : 'bad';
}

/** The first line of each change: what another file says in full is in `diff`. */
function whatOf({ changes, restores }: Revision): string {
  const back = restores === undefined ? [] : [`back to ${restores}`];
  const more = changes.length - shownChanges;
  return [...back, ...changes.slice(0, shownChanges), ...(more > 0 ? [`${more} more`] : [])].map(short).join('; ');
}

function whyOf({ message, reason }: Revision): string {
  return short([message, reason].filter((text) => text !== undefined).join('; ') || '-');
}

function short(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line.length > widestMessage ? `${line.slice(0, widestMessage - 1)}…` : line;
}

function documentsOf(revisions: readonly Revision[]): readonly Readonly<Record<string, unknown>>[] {
  const [current, lastGood] = [currentRevision(revisions), lastGoodRevision(revisions)];
  return revisions.map((revision) => {
    const { configuration, manifests, files, replaced, ...facts } = revision;
    return { ...facts, current: revision === current, lastGood: revision === lastGood };
  });
}
