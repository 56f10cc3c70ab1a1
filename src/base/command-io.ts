import type { Readable, Writable } from 'node:stream';

/** Of a terminal, in characters. */
export type TerminalSize = { readonly width: number; readonly height: number };

/** The streams of a command that somebody far away talks to; what is absent was not asked for. */
export type CommandIo = {
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  /** Never with a terminal: that has one output. */
  readonly stderr?: Writable;
  /** How large the terminal is to be, the newest only; ends with the client. */
  readonly sizes: AsyncIterable<TerminalSize>;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
};
