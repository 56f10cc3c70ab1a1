import { basename, join } from 'node:path';
import type { RolloutContext } from './context.ts';

/**
 * Called before a manifest is overwritten in the middle of a change: what somebody wrote into it meanwhile is kept beside
 * the revision, with a warning, since the plan did not know of it. `known` are the texts that the change knows.
 */
export async function keepHandEdit(
  { host, paths, report }: Pick<RolloutContext, 'host' | 'paths' | 'report'>,
  about: { readonly revision: number; readonly file: string; readonly known: readonly (string | undefined)[] },
): Promise<void> {
  const { revision, file, known } = about;
  const text = await host.readText(file);
  if (text === undefined || known.includes(text)) return;
  const directory = join(paths.revisionsDir, String(revision), 'overwritten');
  const kept = join(directory, basename(file));
  await host.makeDirectory(directory, { mode: 0o700 });
  await host.writeFile(kept, text, { mode: 0o600 });
  report.warn(`${file} was edited while this change was under way; what it said is kept in ${kept}`);
}
