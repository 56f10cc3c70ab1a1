import { pathsOf } from '../../config/paths.ts';
import { revisionNumbers } from '../../rollout/revisions/revisions.ts';
import type { CliContext } from '../command.ts';
import { type Options, rootDirOf } from '../workflow-context.ts';

/** The numbers that `diff` takes, for the completion. */
export async function revisionNames({ host }: CliContext, options: Options): Promise<readonly string[]> {
  const { revisionsDir } = pathsOf(rootDirOf(host, options));
  return (await revisionNumbers(host, revisionsDir)).map(String);
}
