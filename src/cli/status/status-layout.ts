import { type Style, table } from '../style.ts';
import type { Screen } from './status-table.ts';

/** A row of a table, with a remark that may be long. */
export type StatusRow = {
  readonly cells: readonly string[];
  readonly tone: 'good' | 'calm' | 'bad';
  readonly remark: string;
};

const indent = '    ';
const noBreak = '\u00a0';

/**
 * Rows below a head, as wide as the screen allows: the remark behind its row where that fits, else below it; and where not
 * even the cells fit, one row per paragraph.
 */
export function layOut(head: readonly string[], rows: readonly StatusRow[], { columns, style }: Screen): string {
  const lines = table([head, ...rows.map(({ cells }) => cells)])
    .trimEnd()
    .split('\n');
  const width = Math.max(...lines.map((line) => line.length));
  if (width > columns) return rows.map((row) => paragraph(head, row, { columns, style })).join('');
  const fits = (remark: string) => width + 2 + remark.length <= columns;
  const painted = table([head.map(style.bold), ...rows.map((row) => paintedCells(row, style))])
    .trimEnd()
    .split('\n');
  return painted
    .map((line, index) => {
      const remark = rows[index - 1]?.remark ?? '';
      if (remark === '') return `${line}\n`;
      const gap = ' '.repeat(width - (lines[index]?.length ?? 0) + 2);
      return fits(remark) ? `${line}${gap}${remark}\n` : `${line}\n${wrapped(remark, columns)}`;
    })
    .join('');
}

function paragraph(head: readonly string[], row: StatusRow, { columns, style }: Screen): string {
  const [name = '', ...rest] = row.cells;
  // A value stays beside its name.
  const said = rest.map((cell, index) => {
    const words = [head[index + 1]?.toLowerCase(), cell].filter((word) => word !== undefined && word !== '');
    return words.join(' ').replaceAll(' ', noBreak);
  });
  return `${paint(row, style)(name)}\n${wrapped(said.join(', '), columns)}${row.remark === '' ? '' : wrapped(row.remark, columns)}`;
}

/** The state stands where the head says STATUS; it alone is coloured. */
function paintedCells(row: StatusRow, style: Style): readonly string[] {
  const at = row.cells.length === 2 ? 1 : 2;
  return row.cells.map((cell, index) => (index === at ? paint(row, style)(cell) : cell));
}

function paint({ tone }: StatusRow, style: Style): (text: string) => string {
  if (tone === 'calm') return (text) => text;
  return tone === 'good' ? style.green : style.red;
}

/** A text in lines of at most so many columns, indented; a word that is longer than a line is cut. */
export function wrapped(text: string, columns: number): string {
  const room = Math.max(20, columns - indent.length);
  const lines: string[] = [];
  for (const part of text.split('\n')) {
    let line = '';
    for (const word of part.split(' ').flatMap((whole) => pieces(whole, room))) {
      if (line !== '' && line.length + 1 + word.length > room) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => `${indent}${line.replaceAll(noBreak, ' ')}\n`).join('');
}

function pieces(word: string, room: number): readonly string[] {
  if (word.length <= room || room === Number.POSITIVE_INFINITY) return [word];
  return [word.slice(0, room), ...pieces(word.slice(room), room)];
}
