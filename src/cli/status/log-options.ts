import { UsageError } from '../../base/errors.ts';
import { durationOption, type Options, textOption } from '../workflow-context.ts';

/** What of a log is to be shown, and how. */
export type LogChoice = {
  readonly container: string | undefined;
  readonly allContainers: boolean;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly prefix: boolean;
  readonly tail: number | undefined;
  readonly sinceMs: number | undefined;
  readonly limitBytes: number | undefined;
};

/** kubectl's options of `logs`. Throws UsageError for what is wrong in them. */
export function logChoice(options: Options, nowMs: number): LogChoice {
  const container = textOption(options, 'container');
  const allContainers = options.allContainers === true;
  if (container !== undefined && allContainers) throw new UsageError('-c and --all-containers exclude each other');
  const tail = countOption(options, 'tail');
  const limitBytes = countOption(options, 'limitBytes');
  return {
    container,
    allContainers,
    follow: options.follow === true,
    previous: options.previous === true,
    timestamps: options.timestamps === true,
    prefix: options.prefix === true,
    tail,
    sinceMs: sinceOf(options, nowMs),
    limitBytes: limitBytes === 0 ? undefined : limitBytes,
  };
}

function sinceOf(options: Options, nowMs: number): number | undefined {
  const since = durationOption(options, 'since');
  const time = textOption(options, 'sinceTime');
  if (since !== undefined && time !== undefined) throw new UsageError('--since and --since-time exclude each other');
  if (since !== undefined) return nowMs - since;
  if (time === undefined) return undefined;
  const atMs = /^\d{4}-\d\d-\d\dT/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(atMs)) throw new UsageError(`--since-time takes a time such as 2026-01-31T10:00:00Z, not "${time}"`);
  return atMs;
}

function countOption(options: Options, name: 'tail' | 'limitBytes'): number | undefined {
  const text = textOption(options, name);
  // kubectl's own word for "all of it".
  if (text === undefined || text === '-1') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const [flag, what] = name === 'tail' ? ['--tail', 'lines'] : ['--limit-bytes', 'bytes'];
  throw new UsageError(`${flag} takes a number of ${what}, not "${text}"`);
}
