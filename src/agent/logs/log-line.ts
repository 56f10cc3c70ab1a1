/** One line of a container's output. When it was written (`time` as the log says it) and `stream` where its form tells them. */
export type LogLine = {
  readonly text: string;
  readonly atMs?: number;
  readonly time?: string;
  readonly stream?: 'stdout' | 'stderr';
};

type Form = 'docker' | 'cri' | 'raw';

/**
 * Reads lines of a log in the form that its first line shows: Docker's json-file, CRI, or the program's output as it is
 * (kubelet.md 2.6). Parts of one line are put together.
 */
export class LogLineParser {
  #form: Form | undefined;
  /** Begun lines; the two streams come in any order. */
  readonly #partial = new Map<unknown, string>();

  /** The line that this one completes, undefined when more of it is to come. */
  parse(line: string): LogLine | undefined {
    this.#form ??= formOf(line);
    if (this.#form === 'docker') return this.#docker(line);
    return this.#form === 'cri' ? this.#cri(line) : { text: line };
  }

  /** What is there of a line that nothing completed: the last words of a program that has ended. */
  rest(): LogLine | undefined {
    const text = [...this.#partial.values()].join('');
    this.#partial.clear();
    return text === '' ? undefined : { text };
  }

  #docker(line: string): LogLine | undefined {
    const entry = jsonOf(line);
    if (typeof entry?.log !== 'string') return { text: line };
    const whole = entry.log.endsWith('\n');
    const text = this.#joined(entry.stream, whole ? entry.log.slice(0, -1) : entry.log, whole);
    return whole ? { text, ...timeOf(entry.time), ...streamOf(entry.stream) } : undefined;
  }

  #cri(line: string): LogLine | undefined {
    const [, time, stream, tag, rest = ''] = /^(\S+) (stdout|stderr) ([FP]) ?(.*)$/s.exec(line) ?? [];
    if (time === undefined) return { text: line };
    const text = this.#joined(stream, rest, tag === 'F');
    return tag === 'P' ? undefined : { text, ...timeOf(time), ...streamOf(stream) };
  }

  #joined(stream: unknown, part: string, whole: boolean): string {
    const text = (this.#partial.get(stream) ?? '') + part;
    if (whole) this.#partial.delete(stream);
    else this.#partial.set(stream, text);
    return text;
  }
}

function formOf(line: string): Form {
  if (typeof jsonOf(line)?.log === 'string' && typeof jsonOf(line)?.time === 'string') return 'docker';
  return /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) [FP]( |$)/.test(line) ? 'cri' : 'raw';
}

function jsonOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function timeOf(value: unknown): Pick<LogLine, 'atMs' | 'time'> {
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? {} : { atMs, time: String(value) };
}

function streamOf(value: unknown): { readonly stream?: 'stdout' | 'stderr' } {
  return value === 'stdout' || value === 'stderr' ? { stream: value } : {};
}
