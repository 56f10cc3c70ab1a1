import { statSync } from 'node:fs';
import type { Image } from './catalogue.ts';
import { packetFilterEntries } from './distribution-files.ts';
import { architecture } from './go-build.ts';
import { writeImageArchive } from './image-archive.ts';
import { shellEntries } from './shell.ts';
import type { TarEntry, Written } from './tar.ts';

/** linux/capability.h: VFS_CAP_REVISION_2 with the effective bit, and CAP_NET_BIND_SERVICE (10) permitted. */
const bindLowPorts = Buffer.from('0100000200040000000000000000000000000000', 'hex');

const accounts = {
  'etc/passwd': 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnobody:x:65534:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

/** What decides an image besides its programs; a change of the form of layers or archives belongs here too. */
export function imageRecipe(image: Image): unknown {
  const { reference, programs, config, bindsLowPorts, packetFilters, shell } = image;
  const extra = { architecture, bindLowPorts: bindLowPorts.toString('hex'), accounts, form: 1 };
  return { reference, programs, config, bindsLowPorts, packetFilters, shell, ...extra };
}

/** Packs the programs, found by `locate`, into the archive of one image. */
export async function packImage(
  image: Image,
  locate: (program: string) => string,
  files: { destination: string; workDirectory: string },
): Promise<Written> {
  const programs = Object.entries(image.programs).map(([name, path]): TarEntry => {
    const source = locate(name);
    const capability = image.bindsLowPorts ? { capability: bindLowPorts } : {};
    return { type: 'copy', path, mode: 0o755, source, size: statSync(source).size, ...capability };
  });
  const entries = [
    ...programs,
    ...base(),
    ...(image.packetFilters ? packetFilterEntries(files.workDirectory) : []),
    ...(image.shell ? shellEntries() : []),
  ];
  const { reference, config } = image;
  return writeImageArchive({ reference, config, architecture, entries }, files.destination);
}

function base(): TarEntry[] {
  return [
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    ...Object.entries(accounts).map(([path, text]): TarEntry => {
      return { type: 'file', path, mode: 0o644, content: Buffer.from(text) };
    }),
  ];
}
