/** A step of a story: a command on this computer, or on a machine. */
export type Step = {
  /** What it is good for, above it in the transcript. */
  readonly say?: string;
  readonly host?: string;
  readonly vm?: string;
  /** Which machine; the control plane otherwise. */
  readonly on?: string;
  /** The longest that it may take, or that it is repeated, in seconds. */
  readonly limitS?: number;
  /** Repeated until it succeeds with what is expected; what it waits for, in words. */
  readonly until?: string;
  /** What it prints has to match all of these. */
  readonly expect?: readonly RegExp[];
  /** The exit code that it must have; 0 otherwise. */
  readonly code?: number | 'any';
  /** Lines that are left out of the transcript. */
  readonly hide?: RegExp;
  /** Only so many lines from the end. */
  readonly tail?: number;
};

export type Story = {
  readonly name: string;
  /** Its transcript. */
  readonly file: string;
  readonly about: string;
  /** Variables of the Vagrantfile. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
};

export const defaultLimitS = 120;
