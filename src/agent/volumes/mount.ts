import type { Host } from '../../host/host.ts';

/** The machine does not let us mount: no privilege, or no program for it. */
export class MountRefusedError extends Error {}

/** Mounts by mount(8). Throws MountRefusedError where we may not, another Error when it fails otherwise. */
export async function mount(host: Pick<Host, 'run' | 'uid'>, args: readonly string[]): Promise<void> {
  if (host.uid !== 0) throw new MountRefusedError('only root may mount');
  const ran = await host.run('mount', args, { timeoutMs: 10_000 }).catch((thrown: unknown) => {
    throw new MountRefusedError('mount cannot be run', { cause: thrown });
  });
  if (ran.code === 0) return;
  const why = ran.stderr.trim();
  if (/permission denied|not permitted|superuser|only root/i.test(why)) throw new MountRefusedError(why);
  throw new Error(`mount ${args.join(' ')}: ${why}`);
}
