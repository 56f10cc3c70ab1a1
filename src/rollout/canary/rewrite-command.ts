import { parseCommand } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { type FlagRule, flagRules } from './flag-rules.ts';
import type { Scratch } from './scratch.ts';

/** What is not as the component's own command line says; absent `from` = added, absent `to` = left out. */
export type FlagChange = { readonly flag: string; readonly from?: string; readonly to?: string };

/**
 * The command line of a component's canary: the words as they are but for the flags of `flagRules`, which follow at the
 * end, and paths of files that another stands in for.
 */
export function rewriteCommand(
  component: ComponentName,
  words: readonly string[],
  scratch: Scratch,
): { readonly words: readonly string[]; readonly changes: readonly FlagChange[] } {
  const line = parseCommand(words);
  const rules = flagRules[component].filter(({ flag, when }) => when === 'always' || line.flags.has(flag));
  const changes = rules.map(({ flag, to }): FlagChange => {
    const values = line.flags.get(flag);
    const value = to(values ?? [], { scratch, line });
    return { flag, ...(values && { from: values.join(',') }), ...(value !== undefined && { to: value }) };
  });
  const kept = withoutFlags(words, rules).map((word) => withFiles(word, scratch.files));
  const moved = changes.filter(({ from, to }) => from !== to);
  const added = changes.flatMap(({ flag, to }) => (to === undefined ? [] : [`${flag}=${to}`]));
  return {
    words: [...kept.map(({ word }) => word), ...added],
    changes: [...moved, ...kept.flatMap(({ change }) => change)],
  };
}

/** A flag's value may be the word after it. */
function withoutFlags(words: readonly string[], rules: readonly FlagRule[]): readonly string[] {
  const names = new Set(rules.map(({ flag }) => flag));
  const kept: string[] = [];
  let dropNext = false;
  for (const word of words) {
    const [, name, value] = /^--?([A-Za-z][^=]*)(=.*)?$/s.exec(word) ?? [];
    const isDropped = name !== undefined && names.has(`--${name}`);
    if (!isDropped && !(dropNext && name === undefined)) kept.push(word);
    dropNext = isDropped && value === undefined;
  }
  return kept;
}

/** Values may be lists of paths, as `--tls-sni-cert-key=CERT,KEY:NAMES`. */
function withFiles(
  word: string,
  files: Scratch['files'],
): { readonly word: string; readonly change: readonly FlagChange[] } {
  const [, flag = '', value = word] = /^(--?[A-Za-z][^=]*=)(.*)$/s.exec(word) ?? [];
  const replaced = value
    .split(/([,:])/)
    .map((part) => files.get(part) ?? part)
    .join('');
  if (replaced === value) return { word, change: [] };
  return { word: `${flag}${replaced}`, change: [{ flag: flag.slice(0, -1), from: value, to: replaced }] };
}

/** `--secure-port: 6443 → 21034`, for people. */
export function changeText({ flag, from, to }: FlagChange): string {
  return `${flag}: ${from ?? '(not given)'} → ${to ?? '(left out)'}`;
}
