import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { isObject } from '../../kube/decode-fields.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { manifestFile } from '../../manifests/components.ts';

/** What became of the last hand edit of a manifest, when it does not count. */
export type HandEditNote = {
  readonly component: ComponentName;
  readonly atMs: number;
  readonly reason: string;
};

type NotePaths = Pick<Paths, 'stateDir'>;
type NoteHost = Pick<Host, 'readText' | 'writeFile' | 'makeDirectory' | 'remove' | 'list'>;

/** Where an edit is kept that was taken back, for whoever made it. */
export function keptEdit({ stateDir }: NotePaths, component: ComponentName): string {
  return join(stateDir, 'hand-edits', manifestFile(component));
}

/** Keeps an edit, and why it does not count, before anything is done about it. */
export async function noteEdit(
  host: NoteHost,
  paths: NotePaths,
  { text, ...note }: HandEditNote & { readonly text: string },
): Promise<void> {
  await host.makeDirectory(join(paths.stateDir, 'hand-edits'), { mode: 0o700 });
  await host.writeFile(keptEdit(paths, note.component), text, { mode: 0o600 });
  await host.writeFile(noteFile(paths, note.component), `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

/** It counts. */
export async function forgetEdit(host: NoteHost, paths: NotePaths, component: ComponentName): Promise<void> {
  await host.remove(noteFile(paths, component));
  await host.remove(keptEdit(paths, component));
}

/** All edits that were taken back, as far as they are noted. */
export async function readEditNotes(
  host: Pick<Host, 'readText' | 'list'>,
  { stateDir }: NotePaths,
): Promise<readonly HandEditNote[]> {
  const names = (await host.list(join(stateDir, 'hand-edits'))) ?? [];
  const texts = names.filter((name) => name.endsWith('.json')).map((name) => join(stateDir, 'hand-edits', name));
  const notes = await Promise.all(texts.map(async (path) => parse(await host.readText(path))));
  return notes.filter((note) => note !== undefined);
}

function noteFile({ stateDir }: NotePaths, component: ComponentName): string {
  return join(stateDir, 'hand-edits', `${component}.json`);
}

function parse(text: string | undefined): HandEditNote | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (!isObject(value) || typeof value.atMs !== 'number' || typeof value.reason !== 'string') return undefined;
    return value as HandEditNote;
  } catch {
    return undefined;
  }
}
