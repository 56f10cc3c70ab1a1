import type { Host } from './host.ts';

/** A process by its name in /proc/PID/comm: at most 15 characters. */
export type RunningProgram = { readonly pid: string; readonly name: string };

/** The running programs of these names that see our files; not those in a container or mount namespace of its own. */
export async function findPrograms(
  host: Pick<Host, 'list' | 'readText' | 'readLink' | 'pid'>,
  names: readonly string[],
): Promise<readonly RunningProgram[]> {
  const known = new Set(names.map((name) => name.slice(0, 15)));
  const mountsOf = (pid: number | string) => host.readLink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
  const pids = ((await host.list('/proc')) ?? []).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid): Promise<readonly RunningProgram[]> => {
    const name = (await host.readText(`/proc/${pid}/comm`).catch(() => undefined))?.trim() ?? '';
    if (!known.has(name)) return [];
    const [own, other] = await Promise.all([mountsOf(host.pid), mountsOf(pid)]);
    return other !== undefined && other === own ? [{ pid, name }] : [];
  });
  return (await Promise.all(found)).flat();
}
