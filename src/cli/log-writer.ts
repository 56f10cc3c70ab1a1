import type { LogLine } from '../agent/logs/log-line.ts';
import type { CliContext, CommonOptions } from './command.ts';
import type { LogChoice } from './status/log-options.ts';

type LineDocument = Readonly<Record<string, string>>;

/** Writes the lines of one container in the form that was asked for, no more bytes than allowed. */
export class LogWriter {
  readonly container: string;
  /** What was gathered for `-o json`. */
  readonly documents: LineDocument[] = [];
  readonly #stdout: CliContext['stdout'];
  readonly #form: CommonOptions['output'];
  readonly #choice: LogChoice;
  readonly #pod: string;
  #bytesLeft: number;

  constructor(
    stdout: CliContext['stdout'],
    options: {
      readonly container: string;
      readonly pod: string;
      readonly form: CommonOptions['output'];
      readonly choice: LogChoice;
    },
  ) {
    this.#stdout = stdout;
    this.container = options.container;
    this.#pod = options.pod;
    this.#form = options.form;
    this.#choice = options.choice;
    this.#bytesLeft = options.choice.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#bytesLeft <= 0;
  }

  /** False once nothing more fits. */
  write(line: LogLine): boolean {
    const text = this.#form === 'text' ? this.#text(line) : `${line.text}\n`;
    const bytes = Buffer.from(text);
    const fitting = bytes.length <= this.#bytesLeft ? text : wholeCharacters(bytes.subarray(0, this.#bytesLeft));
    this.#bytesLeft -= bytes.length;
    if (this.#form === 'text') this.#stdout.write(fitting);
    else this.#document({ ...line, text: fitting.replace(/\n$/, '') });
    return !this.isFull;
  }

  #document({ text, atMs, stream }: LogLine): void {
    const document = {
      ...(atMs === undefined ? {} : { time: new Date(atMs).toISOString() }),
      ...(stream === undefined ? {} : { stream }),
      ...(this.#choice.allContainers ? { container: this.container } : {}),
      text,
    };
    if (this.#form === 'json') this.documents.push(document);
    else this.#stdout.write(`${JSON.stringify(document)}\n`);
  }

  #text({ text, atMs }: LogLine): string {
    const { prefix, timestamps } = this.#choice;
    const from = prefix ? `[pod/${this.#pod}/${this.container}] ` : '';
    const time = timestamps && atMs !== undefined ? `${new Date(atMs).toISOString()} ` : '';
    return `${from}${time}${text}\n`;
  }
}

/** Without half a character at the end. */
function wholeCharacters(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString()
    .replace(/\ufffd+$/, '');
}
