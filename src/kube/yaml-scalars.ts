import type { ScalarTag } from 'yaml';

const prefix = 'tag:yaml.org,2002:';

/**
 * How Kubernetes reads plain scalars: the rules of go.yaml.in/yaml/v2 (resolve.go), between YAML 1.1 and 1.2. `yes` and
 * `on` are booleans, `0777` is octal, `1_000` a number; `12:30` and `2026-01-01` are strings.
 */
export const kubernetesScalars: readonly ScalarTag[] = [
  {
    tag: `${prefix}null`,
    default: true,
    test: /^(?:~|null|Null|NULL)?$/,
    identify: (value) => value === null,
    resolve: () => null,
    stringify: () => 'null',
  },
  {
    tag: `${prefix}bool`,
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
    identify: (value) => typeof value === 'boolean',
    resolve: (text) => /^(?:y|t|on$)/i.test(text),
  },
  {
    tag: `${prefix}int`,
    default: true,
    test: /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|0|[1-9][0-9_]*)$/,
    identify: (value) => typeof value === 'bigint' || Number.isInteger(value),
    resolve: integerOf,
  },
  {
    tag: `${prefix}float`,
    default: true,
    test: /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?$/,
    identify: (value) => typeof value === 'number',
    resolve: (text) => Number(text.replaceAll('_', '')),
  },
  {
    tag: `${prefix}float`,
    default: true,
    test: /^(?:\.nan|\.NaN|\.NAN|[-+]?\.(?:inf|Inf|INF))$/,
    resolve: (text) => (/nan/i.test(text) ? Number.NaN : text.startsWith('-') ? -Infinity : Infinity),
  },
];

function integerOf(text: string): number | bigint {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const value = BigInt(octal.toLowerCase());
  const signed = text.startsWith('-') ? -value : value;
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

/** Forms that go-yaml would read as strings but other parsers would not: quoted on the way out (go-yaml base 60, dates). */
export const quotedForOthers: readonly ScalarTag[] = [
  {
    tag: `${prefix}int`,
    default: true,
    test: /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
    resolve: (text) => text,
  },
  {
    tag: `${prefix}timestamp`,
    default: true,
    test: /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?$/,
    resolve: (text) => text,
  },
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  { tag: `${prefix}control`, default: true, test: /[\x00-\x09\x7f-\x9f\ufeff]/, resolve: (text) => text },
  { tag: `${prefix}value`, default: true, test: /^(?:=|<<)$/, resolve: (text) => text },
];
