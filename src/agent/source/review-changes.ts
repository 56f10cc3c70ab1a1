import { basename } from 'node:path';
import type { FileEvents } from './file-events.ts';
import type { ManifestEntries } from './manifest-entries.ts';
import type { ManifestFile } from './read-manifests.ts';

/**
 * Asked before the changed text of a manifest replaces a pod that runs: gives why it is held back, undefined when it
 * counts. Asked again at every look, as long as the text stands in the file.
 */
export type ReviewChange = (change: { readonly file: string; readonly text: string }) => Promise<string | undefined>;

/** The files whose changed text is held back, with the reason; their pods stay as they are. */
export async function heldBack(
  review: ReviewChange | undefined,
  files: readonly ManifestFile[],
  { entries, events }: { readonly entries: ManifestEntries; readonly events: FileEvents },
): Promise<ReadonlyMap<string, string>> {
  const held = new Map<string, string>();
  if (review === undefined) return held;
  for (const found of files) {
    const { file, text } = found;
    if (text === undefined || !entries.replaces(found, events.of(basename(file)))) continue;
    const why = await review({ file, text });
    if (why !== undefined) held.set(file, why);
  }
  return held;
}
