import { realpath, stat } from 'node:fs/promises';
import { type ImageContent, writeImageArchive } from '../../components/image-archive.ts';
import type { TarEntry } from '../../components/tar.ts';
import { run } from './command.ts';

const programs = ['sh', 'cat', 'sleep'];
/** Waits, and ends at once on SIGTERM, so that the image does for a sandbox too. */
const pause = "trap 'exit 0' TERM; sleep 1000000 & wait";

/** Writes the archive of an image with sh, cat and sleep of this machine and the libraries they need; it waits when told nothing. */
export async function writeShellImage(
  reference: string,
  destination: string,
  config: Partial<ImageContent['config']> = {},
): Promise<void> {
  const files = new Set<string>();
  const entries: TarEntry[] = [];
  for (const name of programs) {
    const source = await realpath(`/bin/${name}`);
    entries.push(await copy(`bin/${name}`, source));
    for (const library of await librariesOf(source)) files.add(library);
  }
  for (const library of files) entries.push(await copy(library.slice(1), await realpath(library)));
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const whole = { Entrypoint: ['/bin/sh', '-c', pause], Env: ['PATH=/bin'], ...config };
  await writeImageArchive({ reference, architecture, config: whole, entries }, destination);
}

async function copy(path: string, source: string): Promise<TarEntry> {
  return { type: 'copy', path, mode: 0o755, source, size: (await stat(source)).size };
}

/** What ldd names: `libc.so.6 => /lib/…/libc.so.6 (0x…)` and `/lib64/ld-linux-x86-64.so.2 (0x…)`. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
