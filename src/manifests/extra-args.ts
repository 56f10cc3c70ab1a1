import type { NameValue } from '../config/types.ts';

/**
 * A command with the user's extraArgs, as kubeadm joins them (util/arguments.go): the defaults sorted by name, those that
 * the user gives left out, then the user's in their own order, duplicates and all. A command whose arguments are not all
 * `--name=value` (from a template of the user's) keeps its order.
 */
export function withExtraArgs(command: readonly string[], extraArgs: readonly NameValue[]): readonly string[] {
  const [program = '', ...defaults] = command;
  const replaced = new Set(extraArgs.map(({ name }) => name));
  const kept = defaults.filter((argument) => !replaced.has(nameOf(argument) ?? ''));
  const sortable = defaults.every((argument) => nameOf(argument) !== undefined);
  const sorted = sortable ? [...kept].sort(byNameThenValue) : kept;
  return [program, ...sorted, ...extraArgs.map(({ name, value }) => `--${name}=${value}`)];
}

function nameOf(argument: string): string | undefined {
  return /^--([^=]+)/.exec(argument)?.[1];
}

function byNameThenValue(a: string, b: string): number {
  const [nameA, nameB] = [nameOf(a) ?? '', nameOf(b) ?? ''];
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  return a < b ? -1 : 1;
}
