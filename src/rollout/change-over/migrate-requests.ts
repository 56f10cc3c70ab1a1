import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';

const setting = '/proc/sys/net/ipv4/tcp_migrate_req';
const noteName = 'tcp-migrate-req';

type MigrateHost = Pick<Host, 'readText' | 'writeFile' | 'remove' | 'makeDirectory' | 'run'>;

/**
 * Has the kernel hand connections that wait in a listener that closes to the others of its group (Linux 5.14, needs
 * CAP_NET_ADMIN). What it was is noted first, so that it is put back after all when this was cut off: meanwhile it harms
 * nobody. Gives the function that puts it back; throws when it cannot be set.
 */
export async function migrateRequests(
  host: MigrateHost,
  { stateDir }: Pick<Paths, 'stateDir'>,
): Promise<() => Promise<void>> {
  const note = join(stateDir, noteName);
  const noted = (await host.readText(note))?.trim();
  const now = (await host.readText(setting))?.trim();
  if (now === undefined) throw new Error(`this kernel has no ${setting}`);
  const former = noted === '0' || noted === '1' ? noted : now;
  if (former === '1') return async () => {};
  await host.writeFile(note, `${former}\n`, { mode: 0o600 });
  try {
    if (now !== '1') await set(host, '1');
  } catch (thrown) {
    await host.remove(note);
    throw thrown;
  }
  return async () => {
    await set(host, former);
    await host.remove(note);
  };
}

/** Puts back what a change that was cut off has left; does nothing when none has. */
export async function putBackMigration(
  host: Pick<Host, 'readText' | 'remove' | 'run'>,
  { stateDir }: Pick<Paths, 'stateDir'>,
): Promise<void> {
  const note = join(stateDir, noteName);
  const former = (await host.readText(note))?.trim();
  if (former !== '0' && former !== '1') return;
  await set(host, former);
  await host.remove(note);
}

/** A file of the kernel is written in place. */
async function set(host: Pick<Host, 'run'>, value: string): Promise<void> {
  const { code, stderr } = await host.run('sh', ['-c', `printf ${value} > ${setting}`], { timeoutMs: 5_000 });
  if (code !== 0) throw new Error(stderr.trim());
}
