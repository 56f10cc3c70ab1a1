import { join, resolve } from 'node:path';
import { sha256Hex } from '../base/hash.ts';
import type { Paths } from '../config/paths.ts';
import type { HostFiles } from '../host/host.ts';
import { isObject } from '../kube/decode-fields.ts';
import { parseJsonOrYaml } from '../kube/yaml.ts';
import { optionalTrustStores } from '../manifests/host-facts.ts';

type Reader = Pick<HostFiles, 'readFile' | 'stat' | 'list'>;

/** The host's own; they change with its updates, and a component reads them once. */
const trustStores = ['/etc/ssl/certs', '/etc/pki', ...optionalTrustStores];
/** A mounted directory with more than this is data, not configuration. */
const mostFiles = 500;
const mostBytes = 4 * 2 ** 20;
const deepest = 4;

/**
 * SHA-256 by path of what a manifest takes from the host: files that are mounted or named by its flags, and those of
 * mounted directories that are the certificates' or that the container may only read. Data and trust stores are not in it.
 */
export async function hashMountedFiles(
  host: Reader,
  manifest: string,
  paths: Pick<Paths, 'certificatesDir' | 'etcdDataDir'>,
): Promise<Readonly<Record<string, string>>> {
  const places = mountedPlaces(manifest).filter(
    ({ path }) => !isBelow(path, paths.etcdDataDir) && !trustStores.some((store) => isBelow(path, store)),
  );
  const found: string[] = [];
  for (const { path, readOnly } of places) {
    const info = await host.stat(path);
    const configuration = readOnly || isBelow(path, paths.certificatesDir);
    if (info?.kind === 'file' && configuration) found.push(path);
    if (info?.kind === 'directory' && configuration) found.push(...(await filesBelow(host, path, deepest)));
  }
  return hashFiles(host, found);
}

/** SHA-256 by path of those of the files that are there and not too large, in the order of their paths. */
export async function hashFiles(
  host: Pick<Reader, 'readFile' | 'stat'>,
  paths: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const sorted = [...new Set(paths)].sort();
  const hashes = await Promise.all(sorted.map(async (path) => [path, await hashOf(host, path)] as const));
  return Object.fromEntries(hashes.flatMap(([path, hash]) => (hash === undefined ? [] : [[path, hash] as const])));
}

async function hashOf(host: Pick<Reader, 'readFile' | 'stat'>, path: string): Promise<string | undefined> {
  const info = await host.stat(path);
  if (info?.kind !== 'file' || info.size > mostBytes) return undefined;
  const data = await host.readFile(path);
  return data === undefined ? undefined : sha256Hex(data);
}

type Place = { readonly path: string; readonly readOnly: boolean };

/** The hostPath volumes of a manifest; read-only where every mount of it is. */
function mountedPlaces(manifest: string): readonly Place[] {
  const document = parseJsonOrYaml(manifest);
  const spec = isObject(document) && isObject(document.spec) ? document.spec : {};
  const containers = [...objects(spec.initContainers), ...objects(spec.containers)];
  const mounts = containers.flatMap(({ volumeMounts }) => objects(volumeMounts));
  return objects(spec.volumes).flatMap(({ name, hostPath }) => {
    const of = mounts.filter((mount) => mount.name === name);
    const path = isObject(hostPath) ? hostPath.path : undefined;
    if (typeof path !== 'string' || of.length === 0) return [];
    return [{ path: resolve(path), readOnly: of.every(({ readOnly }) => readOnly === true) }];
  });
}

async function filesBelow(host: Reader, directory: string, depth: number): Promise<readonly string[]> {
  const names = (await host.list(directory)) ?? [];
  if (names.length > mostFiles) return [];
  const found: string[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const info = await host.stat(path);
    if (info?.kind === 'file') found.push(path);
    if (info?.kind === 'directory' && depth > 1) found.push(...(await filesBelow(host, path, depth - 1)));
  }
  return found.length > mostFiles ? [] : found;
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function objects(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
