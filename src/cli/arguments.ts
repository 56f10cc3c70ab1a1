import type { CliCommand, CliOption } from './command.ts';

/**
 * Puts Go's ways of writing flags into ours: `--dry-run=true` is `--dry-run`, `--dry-run=false` is nothing,
 * `-v=4` is `-v 4`, `_` in a name is `-`. What follows `--` stays as it is.
 */
export function normalizeArguments(argv: readonly string[], commands: readonly CliCommand[]): readonly string[] {
  const booleans = booleanNames(commands);
  const end = argv.indexOf('--');
  const [ours, theirs] = end === -1 ? [argv, []] : [argv.slice(0, end), argv.slice(end)];
  return [...ours.flatMap((argument) => normalized(argument, booleans)), ...theirs];
}

function normalized(written: string, booleans: ReadonlySet<string>): readonly string[] {
  // The kubelet takes `--pod_manifest_path` too (component-base/cli/flag WordSepNormalizeFunc).
  const argument = written.replace(/^--[a-z0-9_-]+/, (name) => name.replaceAll('_', '-'));
  const [, name = '', value = ''] = /^(--[a-z-]+)=(true|false)$/.exec(argument) ?? [];
  if (booleans.has(name)) return value === 'true' ? [name] : [];
  const level = /^-v=(\d+)$/.exec(argument)?.[1];
  return level === undefined ? [argument] : ['-v', level];
}

/** Every option that takes no value in any command, and one in none. */
function booleanNames(commands: readonly CliCommand[]): ReadonlySet<string> {
  const options = allOptions(commands);
  const takesValue = new Set(options.filter(({ flags }) => /[<[]/.test(flags)).map(longName));
  return new Set(options.map(longName).filter((name) => !takesValue.has(name)));
}

function allOptions(commands: readonly CliCommand[]): readonly CliOption[] {
  return commands.flatMap((command) => [...(command.options ?? []), ...allOptions(command.commands ?? [])]);
}

/** `-f, --force` → `--force`. */
export function longName(option: CliOption): string {
  return /--[a-z0-9-]+/i.exec(option.flags)?.[0] ?? '';
}
