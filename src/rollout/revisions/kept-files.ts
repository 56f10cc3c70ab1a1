import { basename, dirname } from 'node:path';
import type { Host } from '../../host/host.ts';
import type { OldFile } from './revision-files.ts';

/** The keys of the certificate authorities and of service accounts: no change replaces them, so no revision keeps them. */
const neverKept = /^(ca|front-proxy-ca|sa)\.(key|crt|pub)$/;

/** Throws for a file of which no copy may be made: that a change wants to replace it is a bug of ours. */
export function assertMayBeKept(path: string): void {
  if (neverKept.test(basename(path))) throw new Error(`${path} is replaced by no rollout and kept in no revision`);
}

/** What is in these files now, for the revision that will replace them. */
export async function readBeforeReplacing(
  host: Pick<Host, 'readFile' | 'stat'>,
  paths: readonly string[],
): Promise<readonly OldFile[]> {
  return Promise.all(
    paths.map(async (path): Promise<OldFile> => {
      const [data, info] = [await host.readFile(path), await host.stat(path)];
      if (data === undefined || info === undefined) return { path, mode: 0, absent: true, data: undefined };
      return { path, mode: info.mode, data };
    }),
  );
}

/** Puts old contents back, in the order given; what is there already is left alone. Gives the paths that changed. */
export async function restoreFiles(
  host: Pick<Host, 'readFile' | 'stat' | 'writeFile' | 'remove' | 'makeDirectory'>,
  files: readonly OldFile[],
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const { path, mode, data } of files) {
    const now = await host.readFile(path);
    if (data === undefined ? now === undefined : now !== undefined && Buffer.compare(now, data) === 0) continue;
    if (data === undefined) await host.remove(path);
    else {
      await host.makeDirectory(dirname(path), { mode: 0o700 });
      await host.writeFile(path, data, { mode });
    }
    changed.push(path);
  }
  return changed;
}
