import type { Random } from './random.ts';

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)] as T;

/** Pieces that parsers stumble over. */
const pieces = [
  ...[
    '---\n',
    '...\n',
    '\t',
    '\r\n',
    '\u0000',
    '\ufeff',
    '\u2028',
    '\ufffd',
    '&a ',
    '*a',
    '*a\n',
    '<<: *a\n',
    '!!binary ',
    '!x ',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ': ',
    '- ',
    '? ',
    '|\n',
    '>-\n',
    '"',
    "'",
    '#',
    '%YAML 1.1\n',
    '@',
    '`',
    '~',
    '=',
    '\\',
    '\n',
  ],
  ...[
    'null',
    'true',
    'yes',
    '0x1f',
    '0777',
    '1_000',
    '.inf',
    '-.nan',
    '1e400',
    '99999999999999999999',
    '-9223372036854775808',
  ],
  ...[
    '__proto__: 1\n',
    'constructor: {}\n',
    'toString: x\n',
    'spec: {}\n',
    '  a: b\n',
    '      - x\n',
    '2026-01-01',
    '12:30:45',
  ],
];

/** Values put into the place of others. */
const odd: readonly unknown[] = [
  ...['', 'x', '-1', 'a b', '../..', '/', 'x'.repeat(300), '\u0000', 'é', '99Gi', '__proto__'],
  ...[
    0,
    -1,
    1.5,
    1e21,
    2 ** 31,
    2 ** 53,
    70_000,
    true,
    false,
    null,
    [],
    {},
    [[]],
    [null],
    [{}],
    { name: 1 },
    { '': '' },
  ],
];

type Mutation = (text: string, random: Random) => string;

const insert: Mutation = (text, random) => {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + pick(random, pieces) + text.slice(at);
};
const remove: Mutation = (text, random) => {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + text.slice(at + 1 + random.below(20));
};
const truncate: Mutation = (text, random) => text.slice(0, random.below(text.length + 1));
const flip: Mutation = (text, random) => {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + String.fromCharCode(random.below(pick(random, [128, 256, 0x1_0000]))) + text.slice(at + 1);
};
const moveLine: Mutation = (text, random) => {
  const lines = text.split('\n');
  const [line = ''] = lines.splice(random.below(lines.length), 1);
  lines.splice(
    random.below(lines.length + 1),
    0,
    pick(random, [line, `  ${line}`, line.trimStart(), `${line}\n${line}`]),
  );
  return lines.join('\n');
};

const textMutations: readonly Mutation[] = [insert, insert, remove, truncate, flip, flip, moveLine, moveLine];

/** The text with one to four changes to its characters or lines. */
export function mutateText(text: string, random: Random): string {
  let changed = text;
  for (let left = 1 + random.below(4); left > 0; left--) changed = pick(random, textMutations)(changed, random);
  return changed;
}

/** The bytes with some of them changed; what comes is often no UTF-8. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = Uint8Array.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) changed[random.below(changed.length)] = random.below(256);
  return random.below(4) === 0 ? changed.subarray(0, random.below(changed.length)) : changed;
}

/** The value with one to three of its members, at any depth, replaced, removed, renamed or put elsewhere. */
export function mutateValue(value: unknown, random: Random): unknown {
  const copy: unknown = structuredClone(value);
  for (let left = 1 + random.below(3); left > 0; left--) mutateMember(copy, random);
  return copy;
}

function mutateMember(value: unknown, random: Random): void {
  const holders = objectsIn(value);
  if (holders.length === 0) return;
  const holder = pick(random, holders);
  const keys = Object.keys(holder);
  const key = keys.length === 0 ? 'name' : pick(random, keys);
  const change = random.below(6);
  if (change < 3) holder[key] = structuredClone(pick(random, odd));
  else if (change === 3) delete holder[key];
  else if (change === 4) holder[pick(random, [`${key}x`, 'name', 'volumes', 'env', 'spec'])] = holder[key];
  else holder[key] = structuredClone(pick(random, holders));
}

type Members = Record<string, unknown>;

function objectsIn(value: unknown): readonly Members[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Members, ...Object.values(value).flatMap(objectsIn)];
}
