import { dirname } from 'node:path';
import type { FileInfo, HostFiles } from '../../host/host.ts';
import type { HostPathType } from '../../kube/types.ts';

type Kind = FileInfo['kind'];

const kinds: Readonly<Record<HostPathType, { readonly kind?: Kind; readonly make?: 'directory' | 'file' }>> = {
  // Docker's binds make a missing path a directory; dockershim used those.
  '': { make: 'directory' },
  DirectoryOrCreate: { kind: 'directory', make: 'directory' },
  Directory: { kind: 'directory' },
  FileOrCreate: { kind: 'file', make: 'file' },
  File: { kind: 'file' },
  Socket: { kind: 'socket' },
  CharDevice: { kind: 'char-device' },
  BlockDevice: { kind: 'block-device' },
};

/**
 * Checks a hostPath against its type and makes what the type says is to be made (kubelet pkg/volume/hostpath): a
 * directory 0755, a file 0644 in a directory that is there. Throws when what is there does not fit.
 */
export async function prepareHostPath(
  host: Pick<HostFiles, 'stat' | 'makeDirectory' | 'createFile'>,
  path: string,
  type: HostPathType,
): Promise<void> {
  const { kind, make } = kinds[type];
  const found = await host.stat(path);
  if (found === undefined && make !== undefined) return makeMissing(host, path, make);
  if (found === undefined) throw new Error(`hostPath ${path} is not there (type ${type})`);
  if (kind !== undefined && found.kind !== kind) {
    throw new Error(`hostPath ${path} is a ${found.kind}, but its type says ${type}`);
  }
}

async function makeMissing(
  host: Pick<HostFiles, 'stat' | 'makeDirectory' | 'createFile'>,
  path: string,
  make: 'directory' | 'file',
): Promise<void> {
  if (make === 'directory') return host.makeDirectory(path, { mode: 0o755 });
  if ((await host.stat(dirname(path))) === undefined) {
    throw new Error(`hostPath ${path} cannot be made: its directory is not there (type FileOrCreate)`);
  }
  await host.createFile(path, '', { mode: 0o644 });
}
