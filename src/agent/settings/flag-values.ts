import type { FlagForm } from './setting-fields.ts';

/**
 * What a flag's text says, in the form in which a configuration file would say it; undefined when the flag was not
 * given. Lists and headers may be given several times.
 */
export function flagValue(form: FlagForm, given: unknown): unknown {
  if (given === undefined) return undefined;
  // `--seccomp-default` alone, without a value.
  if (given === true) return form === 'boolean' ? true : '';
  const texts = Array.isArray(given) ? given.map(String) : [String(given)];
  const parts = texts.flatMap((text) => text.split(',')).filter((part) => part !== '');
  const text = texts.at(-1) ?? '';
  switch (form) {
    case 'text':
      return text;
    case 'number':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'boolean':
      return /^(true|t|1)$/i.test(text) ? true : /^(false|f|0)$/i.test(text) ? false : text;
    case 'list':
      return parts;
    case 'headers':
      return Object.fromEntries([...Map.groupBy(parts.map(splitAt(':')), ([name]) => name)].map(valuesOf));
    case 'labels':
      return Object.fromEntries(parts.map(splitAt('=')));
    case 'taints':
      return parts.map(taint);
  }
}

/** `key=value:effect`, or `key:effect`. */
function taint(part: string): { readonly key: string; readonly value: string; readonly effect: string } {
  const [named, effect] = splitAt(':')(part);
  const [key, value] = splitAt('=')(named);
  return { key, value, effect };
}

function splitAt(mark: string): (part: string) => readonly [string, string] {
  return (part) => {
    const at = part.indexOf(mark);
    return at === -1 ? [part, ''] : [part.slice(0, at).trim(), part.slice(at + 1)];
  };
}

function valuesOf([name, pairs]: readonly [string, readonly (readonly [string, string])[]]) {
  return [name, pairs.map(([, value]) => value)] as const;
}
