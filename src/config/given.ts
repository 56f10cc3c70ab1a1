import { parseDuration } from '../base/duration.ts';
import type { Documents } from './kinds.ts';
import type { NameValue } from './types.ts';

type GivenArguments = NonNullable<NonNullable<Documents['ClusterConfiguration']>['scheduler']>['extraArgs'];

/** Arguments with their names and values there; an empty name is the finding of a rule. */
export function argumentsOf(given: GivenArguments = []): readonly NameValue[] {
  return given.map(({ name = '', value = '' }) => ({ name, value }));
}

/** Milliseconds of a duration that decoding has let through, or the default. */
export function durationMs(text: string | undefined, defaultMs: number): number {
  return text === undefined ? defaultMs : (parseDuration(text) ?? defaultMs);
}
