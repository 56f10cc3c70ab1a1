import type { Cast } from './cast.ts';

/** Text in one style: names of classes such as `bold` and `red`. */
export type Span = { readonly text: string; readonly classes: readonly string[] };

/** What a row of the terminal shows from one moment to the next change of it (`untilSeconds` absent: to the end). */
export type RowVersion = {
  readonly row: number;
  readonly fromSeconds: number;
  readonly untilSeconds?: number;
  readonly spans: readonly Span[];
};

type Cell = { readonly character: string; readonly classes: readonly string[] };

/** Redraws of a row that follow each other more quickly than this are shown as one. */
const shortestSeconds = 0.2;
const styles: Readonly<Record<string, { readonly add?: string; readonly drop: readonly string[] }>> = {
  '0': { drop: ['bold', 'dim', 'red', 'green', 'yellow'] },
  '1': { add: 'bold', drop: [] },
  '2': { add: 'dim', drop: [] },
  '22': { drop: ['bold', 'dim'] },
  '31': { add: 'red', drop: ['green', 'yellow'] },
  '32': { add: 'green', drop: ['red', 'yellow'] },
  '33': { add: 'yellow', drop: ['red', 'green'] },
  '39': { drop: ['red', 'green', 'yellow'] },
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal gets
const parts = /\u001b\[([\d;]*)([A-Za-z])|\r|\n|[^\u001b\r\n]/gu;

/**
 * Every row that the terminal ever shows, from the first to the last, none scrolled away, and what it shows when. Of a
 * terminal's language it knows what our commands speak: lines, carriage return, erased lines, colours.
 */
export function rowVersions({ events, columns }: Cast): readonly RowVersion[] {
  const screen = new Screen(columns);
  const versions: RowVersion[] = [];
  const shown = new Map<number, number>();
  for (const [seconds, text] of events) {
    for (const row of screen.write(text)) {
      const at = shown.get(row);
      const before = at === undefined ? undefined : versions[at];
      if (at !== undefined && before !== undefined && seconds - before.fromSeconds < shortestSeconds) {
        versions[at] = { ...before, spans: screen.spans(row) };
        continue;
      }
      if (at !== undefined && before !== undefined) versions[at] = { ...before, untilSeconds: seconds };
      shown.set(row, versions.length);
      versions.push({ row, fromSeconds: seconds, spans: screen.spans(row) });
    }
  }
  return versions.filter(({ spans }) => spans.length > 0);
}

class Screen {
  readonly #columns: number;
  readonly #rows: Cell[][] = [[]];
  #row = 0;
  #column = 0;
  #classes: readonly string[] = [];

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** The rows that it changes. */
  write(text: string): readonly number[] {
    const changed = new Set<number>();
    for (const [part, code = '', command] of text.matchAll(parts)) {
      if (part === '\r') this.#column = 0;
      else if (part === '\n') this.#toRow(this.#row + 1);
      else if (command === 'm') this.#paint(code);
      else if (command === 'K') this.#rows[this.#row] = [];
      else if (command === undefined) this.#put(part);
      if (command === 'K' || (command === undefined && part !== '\r')) changed.add(this.#row);
    }
    return [...changed];
  }

  spans(row: number): readonly Span[] {
    const spans: { text: string; classes: readonly string[] }[] = [];
    for (const { character, classes } of this.#rows[row] ?? []) {
      const last = spans.at(-1);
      if (last !== undefined && last.classes.join() === classes.join()) last.text += character;
      else spans.push({ text: character, classes });
    }
    return spans;
  }

  #toRow(row: number): void {
    this.#row = row;
    this.#column = 0;
    this.#rows[row] ??= [];
  }

  #put(character: string): void {
    if (this.#column >= this.#columns) this.#toRow(this.#row + 1);
    const cells = this.#rows[this.#row] ?? [];
    while (cells.length < this.#column) cells.push({ character: ' ', classes: [] });
    cells[this.#column] = { character, classes: this.#classes };
    this.#column += 1;
  }

  #paint(codes: string): void {
    for (const code of codes.split(';')) {
      const { add, drop } = styles[code === '' ? '0' : code] ?? { drop: [] };
      const kept = this.#classes.filter((name) => !drop.includes(name) && name !== add);
      this.#classes = add === undefined ? kept : [...kept, add];
    }
  }
}
