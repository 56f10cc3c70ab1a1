import { messageOf } from '../base/errors.ts';
import type { HostFiles } from '../host/host.ts';
import { certificateFile, certificates, serviceAccountKeys } from './certificates.ts';

/** One file as found: its text, or why it could not be read. */
export type FoundFile = { readonly text: string; readonly mode: number; readonly problem?: string };

/** By absolute path; what is not there is not in it. */
export type FoundFiles = ReadonlyMap<string, FoundFile>;

/** Reads whatever there is of the certificate tree. A file that cannot be read is a value here, so that all are reported. */
export function readCertificateFiles(
  host: Pick<HostFiles, 'readText' | 'stat'>,
  certificatesDir: string,
): Promise<FoundFiles> {
  const baseNames = [...certificates, serviceAccountKeys].map(({ baseName }) => baseName);
  const endings = ['crt', 'key', 'pub'] as const;
  return readFiles(
    host,
    baseNames.flatMap((baseName) => endings.map((ending) => certificateFile(certificatesDir, baseName, ending))),
  );
}

/** Reads those of the files that are there. */
export async function readFiles(
  host: Pick<HostFiles, 'readText' | 'stat'>,
  paths: readonly string[],
): Promise<FoundFiles> {
  const found = await Promise.all(paths.map(async (path) => [path, await readFound(host, path)] as const));
  return new Map(found.flatMap(([path, file]) => (file === undefined ? [] : [[path, file] as const])));
}

async function readFound(host: Pick<HostFiles, 'readText' | 'stat'>, path: string): Promise<FoundFile | undefined> {
  try {
    const [text, info] = [await host.readText(path), await host.stat(path)];
    return text === undefined || info === undefined ? undefined : { text, mode: info.mode };
  } catch (thrown) {
    return { text: '', mode: 0, problem: messageOf(thrown) };
  }
}
