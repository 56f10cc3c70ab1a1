import { join } from 'node:path';
import type { Host } from '../../host/host.ts';
import { placeText, type RuntimePlace, readPlace } from '../../runtime/place.ts';

/**
 * Remembers in `<stateDir>/runtime` what the agent runs its pods with, so that `auto` means the same again though the
 * engine may come up later than the agent, and `status` finds the containers without an agent. `formers`: runtimes that
 * may still have pods of this root directory, a line each below it.
 */
export async function noteRuntimes(
  host: Pick<Host, 'readText' | 'writeFile' | 'makeDirectory'>,
  stateDir: string,
  runtimes: { readonly present: RuntimePlace; readonly formers: readonly RuntimePlace[] },
): Promise<void> {
  const { present, formers } = runtimes;
  const text = [present, ...formers].map((place) => `${placeText(place)}\n`).join('');
  if ((await host.readText(fileOf(stateDir))) === text) return;
  await host.makeDirectory(stateDir, { mode: 0o700 });
  await host.writeFile(fileOf(stateDir), text, { mode: 0o600 });
}

/** The container runtime that the pods of a root directory are in; undefined when no agent has run for it yet. */
export async function lastRuntime(
  host: Pick<Host, 'readText'>,
  stateDir: string,
): Promise<Required<RuntimePlace> | undefined> {
  return (await notedRuntimes(host, stateDir))[0];
}

/** Every runtime that may have pods of a root directory, the present one first. */
export async function notedRuntimes(
  host: Pick<Host, 'readText'>,
  stateDir: string,
): Promise<readonly Required<RuntimePlace>[]> {
  const lines = ((await host.readText(fileOf(stateDir))) ?? '').split('\n');
  return lines.flatMap((line) => readPlace(line) ?? []);
}

/** The runtimes that pods may still be in when the agent goes on with `present`. */
export function formerRuntimes(
  noted: readonly Required<RuntimePlace>[],
  present: RuntimePlace,
): readonly Required<RuntimePlace>[] {
  return noted.filter((place) => placeText(place) !== placeText(present));
}

function fileOf(stateDir: string): string {
  return join(stateDir, 'runtime');
}
