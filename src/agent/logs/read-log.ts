import { type Clock, sleep } from '../../base/clock.ts';
import { type HeldFile, holdFile } from '../../host/held-file.ts';
import { type LogLine, LogLineParser } from './log-line.ts';
import { type Position, unreadParts } from './rotated-files.ts';
import { tailStart } from './tail-start.ts';

type ReadPart = HeldFile['readPart'];

export type ReadLogOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How to reach the file. */
  readonly readPart: ReadPart;
  /** Only the last so many lines of what is there. */
  readonly tail?: number;
  /** Only lines from then on; lines of a form without times are always given. */
  readonly sinceMs?: number;
  /** Goes on with what is appended, until this says no (asked at the end of the file) or the signal aborts. */
  readonly follow?: () => Promise<boolean>;
};

const partBytes = 64 * 1024;
const pollMs = 100;

/** The lines of a log file; one that is removed meanwhile, since its container has gone, is read to its end. */
export async function* readLogFile(options: Omit<ReadLogOptions, 'readPart'>): AsyncGenerator<LogLine> {
  const file = holdFile(options.path);
  try {
    yield* readLog({ ...options, readPart: file.readPart });
  } finally {
    await file.close();
  }
}

/**
 * The lines of a container's log, whatever its form (log-line.ts). Over a rotation by renaming or by copying, what was
 * written to the old file before it is read to its end first.
 */
export async function* readLog(options: ReadLogOptions): AsyncGenerator<LogLine> {
  const wanted = (line: LogLine) => (line.atMs ?? Number.POSITIVE_INFINITY) >= (options.sinceMs ?? 0);
  const { reader, last } = await begin(options);
  for (const line of last) if (wanted(line)) yield line;
  if (options.tail === undefined) yield* filtered(reader.toEnd(), wanted);
  while (options.follow !== undefined && !options.signal.aborted) {
    const goesOn = await options.follow();
    yield* filtered(reader.toEnd(), wanted);
    if (!goesOn) {
      for (const line of reader.rest()) if (wanted(line)) yield line;
      return;
    }
    await sleep(options.clock, pollMs, options.signal);
  }
}

type Begun = { readonly reader: LineReader; readonly last: readonly LogLine[] };

/**
 * The last lines, read from as near to the end as they are. A long line may be in many parts: then there are fewer than
 * hoped for, and it is read from further up.
 */
async function begin(options: ReadLogOptions): Promise<Begun> {
  const { tail, path, readPart } = options;
  if (tail === undefined) return { reader: new LineReader(options, 0), last: [] };
  for (let hoped = tail + 1; ; hoped *= 4) {
    const from = await tailStart(readPart, path, hoped);
    const reader = new LineReader(options, from);
    const last = await lastOf(reader.toEnd(), tail + 1);
    // The first of them may be the end of one that began further up.
    if (from === 0 || last.length > tail) return { reader, last: last.slice(Math.max(0, last.length - tail)) };
  }
}

class LineReader {
  readonly #options: ReadLogOptions;
  readonly #from: number;
  readonly #parser = new LogLineParser();
  #at: Position | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(options: ReadLogOptions, from: number) {
    this.#options = options;
    this.#from = from;
  }

  /** What is there now and was not given yet. The last line counts once it is ended by a newline, or the file is whole. */
  async *toEnd(): AsyncGenerator<LogLine> {
    const { path, readPart } = this.#options;
    for (;;) {
      const part = await readPart(path, this.#at?.offset ?? this.#from, partBytes);
      if (part === undefined) return;
      const { inode, size, path: realPath = path } = part;
      if (this.#at !== undefined && (inode !== this.#at.inode || size < this.#at.offset)) {
        for await (const data of unreadParts(readPart, realPath, this.#at)) yield* this.#lines(data);
        this.#at = { inode, offset: 0 };
        continue;
      }
      if (part.data.length === 0) break;
      this.#at = { inode, offset: (this.#at?.offset ?? this.#from) + part.data.length };
      yield* this.#lines(part.data);
    }
    if (this.#options.follow === undefined) yield* this.rest();
  }

  /** A last line that no newline ends, once no more can come. */
  *rest(): Generator<LogLine> {
    if (this.#rest.length > 0) yield* this.#lines(Buffer.from('\n'));
    const rest = this.#parser.rest();
    if (rest !== undefined) yield rest;
  }

  *#lines(data: Uint8Array): Generator<LogLine> {
    const all = Buffer.concat([this.#rest, data]);
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      const line = this.#parser.parse(all.subarray(start, end).toString('utf8'));
      start = end + 1;
      if (line !== undefined) yield line;
    }
    this.#rest = all.subarray(start);
  }
}

async function* filtered(lines: AsyncIterable<LogLine>, wanted: (line: LogLine) => boolean): AsyncGenerator<LogLine> {
  for await (const line of lines) if (wanted(line)) yield line;
}

async function lastOf(lines: AsyncIterable<LogLine>, count: number): Promise<readonly LogLine[]> {
  const last: LogLine[] = [];
  for await (const line of lines) {
    last.push(line);
    if (last.length > count) last.shift();
  }
  return last;
}
