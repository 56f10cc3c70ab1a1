import type { Clock } from '../base/clock.ts';
import type { Host } from '../host/host.ts';

/** What a command gets from the outside; main.ts makes it. `stdout` is for results, `stderr` for progress and logs. */
export type CliContext = {
  readonly host: Host;
  /** The command line without the program's own name. */
  readonly argv?: readonly string[];
  readonly clock: Clock;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls the listener on SIGHUP from now on, until the returned function is called; else SIGHUP ends the program. */
  readonly onHangup?: (listener: () => void) => () => void;
  readonly stdout: {
    write(text: string): void;
    readonly isTerminal: boolean;
    readonly columns: number;
    /** Of a terminal. */
    readonly rows?: number | undefined;
  };
  readonly stderr: { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };
  /** Asks the user y/N on the terminal; undefined when there is none to ask. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
};

/** `-o`, `-v`, `--no-color`, which every command takes. */
export type CommonOptions = {
  readonly output: 'text' | 'json' | 'ndjson';
  readonly verbosity: number;
  readonly color: boolean;
};

export type CliOption = {
  /** As commander reads it: `--pod-manifest-path <dir>`. */
  readonly flags: string;
  readonly summary: string;
  readonly default?: string | boolean | number;
  /** The option may be given several times, or as a comma-separated list. */
  readonly list?: boolean;
  /** For the completion. */
  readonly values?: readonly string[];
  readonly hidden?: boolean;
  /** The heading that it stands below in the help. */
  readonly group?: string;
};

/**
 * One command as data, so that `--help` and completion load no code but this table; `load` imports what runs it.
 * `run` gets the options by their camel-case names and the arguments, and gives the exit code (0 when undefined).
 */
export type CliCommand = {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly description?: string;
  /** Lines between the options and the examples. */
  readonly notes?: readonly string[];
  /** As commander reads them: `<pod>`, `[subphase]`. */
  readonly arguments?: readonly {
    readonly form: string;
    readonly summary: string;
    /** For the completion. */
    readonly values?: readonly string[];
    /** The command of ours that prints what may stand here, for the completion. */
    readonly askedFor?: string;
  }[];
  readonly options?: readonly CliOption[];
  readonly commands?: readonly CliCommand[];
  /** Started by ourselves alone: in no help and no completion. */
  readonly hidden?: boolean;
  readonly load?: () => Promise<{ readonly run: CommandRun }>;
};

export type CommandRun = (
  context: CliContext,
  invocation: {
    readonly options: Readonly<Record<string, unknown>>;
    readonly arguments: readonly string[];
    readonly common: CommonOptions;
  },
) => Promise<number | undefined>;
