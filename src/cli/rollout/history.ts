import { humanDuration } from '../../base/duration.ts';
import { pathsOf } from '../../config/paths.ts';
import { changeUnderWay } from '../../rollout/journal/rollout-lock.ts';
import { currentRevision, lastGoodRevision, type Revision } from '../../rollout/revisions/revision.ts';
import { readRevisions, revisionNumbers } from '../../rollout/revisions/revisions.ts';
import type { CommandRun } from '../command.ts';
import { rootFlag } from '../root-flag.ts';
import { layOut, wrapped } from '../status/status-layout.ts';
import { plainScreen, type Screen } from '../status/status-table.ts';
import { styleOf, table } from '../style.ts';
import { rootDirOf } from '../workflow-context.ts';

const shownChanges = 2;
/** Beside the other columns; below them there is more room. */
const [widestCell, widestRemark] = [60, 200];

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
    texts: [whatOf(revision, widestCell), whyOf(revision, widestCell)],
    remark: [whatOf(revision, widestRemark), whyOf(revision, widestRemark)].filter((text) => text !== '-').join('; '),
  }));
  const lines = [[...head, 'WHAT', 'MESSAGE'], ...rows.map(({ cells, texts }) => [...cells, ...texts])];
  const fits = table(lines)
    .split('\n')
    .every((line) => line.length <= screen.columns);
  if (!fits) return layOut(head, rows, screen);
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
function whatOf({ changes, restores, message }: Revision, widest: number): string {
  const said = restores === undefined || message === `back to revision ${restores}`;
  const back = said ? [] : [`back to ${restores}`];
  const more = changes.length - shownChanges;
  return [...back, ...changes.slice(0, shownChanges), ...(more > 0 ? [`${more} more`] : [])]
    .map((text) => short(text, widest))
    .join('; ');
}

function whyOf({ message, reason }: Revision, widest: number): string {
  return short([message, reason].filter((text) => text !== undefined).join('; ') || '-', widest);
}

function short(text: string, widest: number): string {
  const [line = ''] = text.split('\n', 1);
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line;
}

function documentsOf(revisions: readonly Revision[]): readonly Readonly<Record<string, unknown>>[] {
  const [current, lastGood] = [currentRevision(revisions), lastGoodRevision(revisions)];
  return revisions.map((revision) => {
    const { configuration, manifests, patches, files, replaced, ...facts } = revision;
    return { ...facts, current: revision === current, lastGood: revision === lastGood };
  });
}
