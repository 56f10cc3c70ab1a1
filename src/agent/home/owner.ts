import { join } from 'node:path';
import type { Host } from '../../host/host.ts';

/**
 * The value of the label `kube-bootstrap/owner`: 16 hex characters in `<stateDir>/owner`, made once per root directory,
 * so that two roots on one container runtime never touch each other's pods.
 */
export async function ownerId(
  host: Pick<Host, 'readText' | 'createFile' | 'makeDirectory' | 'randomBytes'>,
  stateDir: string,
): Promise<string> {
  const known = await readOwnerId(host, stateDir);
  if (known !== undefined) return known;
  await host.makeDirectory(stateDir, { mode: 0o700 });
  const made = Buffer.from(host.randomBytes(8)).toString('hex');
  await host.createFile(join(stateDir, 'owner'), `${made}\n`, { mode: 0o600 });
  // Somebody else may have been first; then theirs counts.
  return (await readOwnerId(host, stateDir)) ?? made;
}

/** The owner id of a root directory, undefined when none was made yet. */
export async function readOwnerId(host: Pick<Host, 'readText'>, stateDir: string): Promise<string | undefined> {
  const text = (await host.readText(join(stateDir, 'owner')))?.trim();
  return text === '' ? undefined : text;
}
