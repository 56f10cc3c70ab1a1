import { join, resolve } from 'node:path';
import { sha256Hex } from '../../base/hash.ts';
import type { Paths } from '../../config/paths.ts';
import { componentNames } from '../../health/manifest-files.ts';
import type { HostFiles } from '../../host/host.ts';
import { decodePod } from '../../kube/pod.ts';
import type { Pod } from '../../kube/types.ts';
import { optionalTrustStores } from '../../manifests/host-facts.ts';
import { fileFlags } from './file-flags.ts';

type Reader = Pick<HostFiles, 'readFile' | 'stat' | 'list'>;

/** The host's own; they change with its updates, and a component reads them once. */
const trustStores = ['/etc/ssl/certs', '/etc/pki', ...optionalTrustStores];
/** A mounted directory with more than this is data, not configuration. */
const mostFiles = 500;
const mostBytes = 4 * 2 ** 20;
const deepest = 4;

/** A manifest's text, or the pod that it is. */
type Manifest = string | Pod;
type DataPaths = Pick<Paths, 'certificatesDir' | 'etcdDataDir'>;

/**
 * SHA-256 by path of what a manifest takes from the host: files that are mounted or named by its flags, and those of
 * mounted directories that are the certificates' or that the container may only read. Data and trust stores are not in it.
 */
export async function hashMountedFiles(
  host: Reader,
  manifest: Manifest,
  paths: DataPaths,
): Promise<Readonly<Record<string, string>>> {
  const pod = podOf(manifest);
  if (pod === undefined) return {};
  const found = [...namedFiles(pod)];
  for (const { path } of configurationPlaces(pod, paths)) {
    const info = await host.stat(path);
    if (info?.kind === 'file') found.push(path);
    if (info?.kind === 'directory') found.push(...(await filesBelow(host, path, deepest)));
  }
  return hashFiles(host, found);
}

/** Whether a file at this path is one that `hashMountedFiles` looks at. */
export function isReadBy(pod: Pod, path: string, paths: DataPaths): boolean {
  return namedFiles(pod).includes(path) || configurationPlaces(pod, paths).some((place) => isBelow(path, place.path));
}

function podOf(manifest: Manifest): Pod | undefined {
  return typeof manifest === 'string' ? decodePod(manifest, 'the manifest').pod : manifest;
}

/** Processes without a file system of their own read them unmounted. */
function namedFiles(pod: Pod): readonly string[] {
  const component = componentNames.find((name) => name === pod.metadata.name);
  return component === undefined ? [] : fileFlags(component, pod).map(({ path }) => path);
}

function configurationPlaces(pod: Pod, { certificatesDir, etcdDataDir }: DataPaths): readonly Place[] {
  return mountedPlaces(pod).filter(
    ({ path, readOnly }) =>
      !isBelow(path, etcdDataDir) &&
      !trustStores.some((store) => isBelow(path, store)) &&
      (readOnly || isBelow(path, certificatesDir)),
  );
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

/** The hostPath volumes of a pod; read-only where every mount of it is. */
function mountedPlaces({ spec }: Pod): readonly Place[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  return (spec.volumes ?? []).flatMap(({ name, hostPath }) => {
    const of = mounts.filter((mount) => mount.name === name);
    if (hostPath === undefined || of.length === 0) return [];
    return [{ path: resolve(hostPath.path), readOnly: of.every(({ readOnly }) => readOnly === true) }];
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
