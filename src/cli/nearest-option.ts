import { nearest } from '../kube/names.ts';
import { longName } from './arguments.ts';
import type { CliCommand, CliOption } from './command.ts';

/** The option that an unknown one was probably meant to be, of the command that the words name; hidden ones count too. */
export function nearestOption(
  unknown: string,
  argv: readonly string[],
  commands: readonly CliCommand[],
): string | undefined {
  const options = optionsOf(argv, commands).map(longName);
  return nearest(unknown.replace(/=.*$/s, ''), options);
}

function optionsOf(argv: readonly string[], commands: readonly CliCommand[]): readonly CliOption[] {
  const [first, ...rest] = argv.filter((word) => !word.startsWith('-'));
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) return [];
  return [...(command.options ?? []), ...optionsOf(rest, command.commands ?? [])];
}
