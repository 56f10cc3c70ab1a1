/** A recording in the format asciicast v2: a terminal's size, and what was written to it and when. */
export type Cast = {
  readonly title: string;
  /** Of its beginning, in seconds since 1970. */
  readonly timestamp: number;
  readonly columns: number;
  readonly rows: number;
  /** Seconds from the beginning, and text as a terminal gets it. */
  readonly events: readonly (readonly [seconds: number, text: string])[];
};

/** As a file: one line of JSON for the head, one for each event (docs.asciinema.org, asciicast v2). */
export function castText({ title, timestamp, columns, rows, events }: Cast): string {
  const head = { version: 2, width: columns, height: rows, timestamp, title, env: { TERM: 'xterm-256color' } };
  const lines = events.map(([seconds, text]) => JSON.stringify([Number(seconds.toFixed(3)), 'o', text]));
  return `${[JSON.stringify(head), ...lines].join('\n')}\n`;
}

type Size = { readonly width: number; readonly height: number };

/** The same, read. */
export function castOf(text: string): Cast {
  const [head = '{}', ...lines] = text.trim().split('\n');
  const { width, height, ...about } = JSON.parse(head) as Pick<Cast, 'title' | 'timestamp'> & Size;
  const events = lines.map((line) => JSON.parse(line) as [number, string, string]);
  return {
    title: about.title,
    timestamp: about.timestamp,
    columns: width,
    rows: height,
    events: events.filter(([, kind]) => kind === 'o').map(([seconds, , data]) => [seconds, data] as const),
  };
}

/** The end of the last event. */
export function secondsOf({ events }: Cast): number {
  return events.at(-1)?.[0] ?? 0;
}
