import { join } from 'node:path';
import { hasCode } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';

type OwnHost = Pick<HostFiles, 'stat' | 'list' | 'setMode' | 'setOwner'>;

/**
 * Gives a volume and all in it to a group (kubelet pkg/volume/volume_linux.go): readable, writable unless `readOnly`;
 * what is made in its directories belongs to the group too. A volume of ours is fresh, so that fsGroupChangePolicy says
 * nothing about it. Returns false where the owner cannot be changed.
 */
export async function giveToGroup(
  host: OwnHost,
  path: string,
  group: number,
  { readOnly }: { readonly readOnly: boolean },
): Promise<boolean> {
  const info = await host.stat(path, { followLinks: false });
  if (info === undefined || info.kind === 'symlink') return true;
  if (info.kind === 'directory') {
    for (const name of (await host.list(path)) ?? []) await giveToGroup(host, join(path, name), group, { readOnly });
  }
  try {
    await host.setOwner(path, info.uid, group);
  } catch (thrown) {
    if (hasCode(thrown, 'EPERM')) return false;
    throw thrown;
  }
  const bits = (readOnly ? 0o440 : 0o660) | (info.kind === 'directory' ? 0o2110 : 0);
  await host.setMode(path, info.mode | bits);
  return true;
}
