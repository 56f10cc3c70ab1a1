import { isAbsolute, join, posix } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';
import type { ImageConfig } from '../images/image-config.ts';

/** Docker's default (moby oci/defaults.go). */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The words to run: the image's, overridden as Kubernetes defines (command replaces both, args only the second). */
export function planWords(
  image: Pick<ImageConfig, 'entrypoint' | 'cmd'>,
  pod: { readonly command: readonly string[]; readonly args: readonly string[] },
): readonly string[] {
  if (pod.command.length > 0) return [...pod.command, ...pod.args];
  return [...image.entrypoint, ...(pod.args.length > 0 ? pod.args : image.cmd)];
}

/** The program's environment: the image's, then what every container gets, then the pod's own. */
export function planEnvironment(
  image: Pick<ImageConfig, 'env'>,
  pod: { readonly env: readonly { readonly name: string; readonly value: string }[]; readonly hostname: string },
): ReadonlyMap<string, string> {
  const env = new Map([
    ['PATH', defaultPath],
    ['HOSTNAME', pod.hostname],
  ]);
  for (const line of image.env) {
    const equals = line.indexOf('=');
    if (equals > 0) env.set(line.slice(0, equals), line.slice(equals + 1));
  }
  for (const { name, value } of pod.env) env.set(name, value);
  return env;
}

/** Where a word is looked for in an image, in order: the directories of PATH, or just the path when it names one. */
export function planLookups(word: string, env: ReadonlyMap<string, string>): readonly string[] {
  if (word.includes('/')) return [posix.join('/', word)];
  const directories = (env.get('PATH') ?? defaultPath).split(':').filter(isAbsolute);
  return directories.map((directory) => posix.join(directory, word));
}

/** A program of an image: where its root file system lies on the host, and its path in there. */
export type ImageProgram = { readonly rootfs: string; readonly inside: string };

/**
 * The program that a word means in an image: in its unpacked root file system, links followed, and never outside it.
 * Throws OperationError, saying where it looked, when the image has no such program.
 */
export async function findImageProgram(
  files: Pick<HostFiles, 'stat' | 'realPath'>,
  image: { readonly rootfs: string; readonly name: string },
  word: string | undefined,
  env: ReadonlyMap<string, string>,
): Promise<ImageProgram> {
  if (word === undefined || word === '') {
    throw new OperationError(`image ${image.name} has no command, and the pod gives none`, {
      hint: "set the container's command",
    });
  }
  const root = await files.realPath(image.rootfs);
  const lookups = planLookups(word, env);
  for (const inside of lookups) {
    const real = await files.realPath(join(image.rootfs, inside));
    // A link that climbs out of the image leads nowhere in a root of its own.
    if (real === undefined || root === undefined || !real.startsWith(`${root}/`)) continue;
    const info = await files.stat(real);
    if (info?.kind === 'file' && (info.mode & 0o111) !== 0) return { rootfs: image.rootfs, inside };
  }
  throw new OperationError(`image ${image.name} has no program ${word} (looked for ${lookups.join(', ')})`, {
    hint: 'the process runtime runs programs that are in the image',
  });
}
