import type { Readable, Writable } from 'node:stream';
import type { Served } from '../keep-alive.ts';

/** What a client asked for. */
export type WantedStreams = {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
};

/** A command's streams on their way to the client, whatever carries them. */
export type CommandStreams = Served & {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** Carries how the command ended. */
  readonly error: Writable;
  readonly resize: Readable | undefined;
  readonly statusForm: 'json' | 'text';
};
