import { dirname, join } from 'node:path';
import * as sea from 'node:sea';
import { fileURLToPath } from 'node:url';
import type { HostFiles } from './host.ts';

/** Files of the program itself, by their path in the package: `templates/manifests/etcd.yaml.hbs`. */
export type PackagedFiles = Pick<HostFiles, 'readText' | 'list'>;

/** Whether this program is one file, which then holds its packaged files too. */
export const isSingleFile = (): boolean => sea.isSea();

/** Inside the single file, else below the package's directory: two directories above this module (src/host) and the bundle (dist/npm). */
export function packagedFiles(host: PackagedFiles): PackagedFiles {
  if (isSingleFile()) return embeddedFiles;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return {
    readText: (path) => host.readText(join(root, path)),
    list: (path) => host.list(join(root, path)),
  };
}

/** The text of a file inside the single file. */
export function embeddedText(path: string): string | undefined {
  return sea.getAssetKeys().includes(path) ? sea.getAsset(path, 'utf8') : undefined;
}

const embeddedFiles: PackagedFiles = {
  readText: async (path) => embeddedText(path),
  list: async (directory) => {
    const names = sea.getAssetKeys().filter((path) => dirname(path) === directory);
    return names.length === 0 ? undefined : names.map((path) => path.slice(directory.length + 1));
  },
};
