import { parseDuration } from '../../base/duration.ts';
import type { Taint } from '../../kube/node-types.ts';
import { wholeValue } from '../../kube/quantity.ts';
import type { Labels } from '../../kube/types.ts';

/** A value of a configuration as it was read, and where to say that it is wrong. */
export type Reading = {
  readonly value: unknown;
  fail(message: string): void;
  member(name: string | number, value: unknown): Reading;
};

/** Reads a value, or says what is wrong with it and gives undefined. */
export type FieldReader<T> = (reading: Reading) => T | undefined;

export const textOf: FieldReader<string> = ({ value, fail }) =>
  typeof value === 'string' ? value : void fail('a text is expected');

export const textsOf: FieldReader<readonly string[]> = (reading) => {
  const { value, fail } = reading;
  if (!Array.isArray(value)) return void fail('a list of texts is expected');
  return value.map((entry: unknown, index) => textOf(reading.member(index, entry)) ?? '');
};

export const booleanOf: FieldReader<boolean> = ({ value, fail }) =>
  typeof value === 'boolean' ? value : void fail('true or false is expected');

export const countOf: FieldReader<number> = ({ value, fail }) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : void fail('a whole number is expected');

export const portOf: FieldReader<number> = ({ value, fail }) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535
    ? value
    : void fail('a port is expected: 0 to 65535');

/** A count, or a negative number for "no limit". */
export const limitOf: FieldReader<number> = ({ value, fail }) =>
  typeof value === 'number' && Number.isInteger(value) ? value : void fail('a whole number is expected');

/** In milliseconds; more than nothing. */
export const durationOf: FieldReader<number> = ({ value, fail }) => {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms !== undefined && ms > 0 ? ms : void fail('a duration such as 20s is expected');
};

/** In bytes; more than nothing. */
export const sizeOf: FieldReader<number> = ({ value, fail }) => {
  const bytes = typeof value === 'string' || typeof value === 'number' ? wholeValue(value) : undefined;
  return bytes !== undefined && bytes > 0 ? bytes : void fail('a size such as 10Mi is expected');
};

/** Names with one text each. */
export const labelsOf: FieldReader<Labels> = (reading) => {
  if (!isMap(reading.value)) return void reading.fail('names with a text each are expected');
  const entries = Object.entries(reading.value);
  return Object.fromEntries(entries.map(([name, value]) => [name, textOf(reading.member(name, value)) ?? '']));
};

/** Names with a list of texts each, as HTTP headers are. */
export const headersOf: FieldReader<Readonly<Record<string, readonly string[]>>> = (reading) => {
  if (!isMap(reading.value)) return void reading.fail('names with a list of texts each are expected');
  const entries = Object.entries(reading.value);
  return Object.fromEntries(entries.map(([name, value]) => [name, textsOf(reading.member(name, value)) ?? []]));
};

/** A list of taints; the node is registered with them. */
export const taintsOf: FieldReader<readonly Taint[]> = (reading) => {
  if (!Array.isArray(reading.value)) return void reading.fail('a list of taints is expected');
  return reading.value.map((entry: unknown, index) => {
    const at = reading.member(index, entry);
    const { key, value, effect } = isMap(entry) ? entry : {};
    if (!taintEffects.includes(String(effect))) at.fail(`a taint has an effect: ${taintEffects.join(', ')}`);
    const given = value === undefined || value === '' ? {} : { value: textOf(at.member('value', value)) ?? '' };
    return { key: textOf(at.member('key', key)) ?? '', ...given, effect: String(effect) };
  });
};

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
