import { posix } from 'node:path';
import type { Host } from '../../host/host.ts';
import type { Container, EnvVar, Volume, VolumeMount } from '../../kube/types.ts';
import type { Mount } from '../../runtime/runtime.ts';
import type { PodContext } from '../containers/pod-context.ts';
import { envFileValue } from '../env/env-file.ts';
import { containerEnvironment, type FileValues } from '../env/environment.ts';
import { writeHosts } from './hosts-file.ts';
import { type MountPlace, mountOf } from './mounts.ts';
import { volumePaths } from './prepare-volumes.ts';
import { bindSubPath, type SubPathHost, subPathOf } from './sub-path.ts';
import { volumePlaces } from './volume-places.ts';

/** What a container finds around itself. */
export type Surroundings = {
  readonly env: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
};

type Start = { readonly container: Container; readonly attempt: number; readonly podIPs: readonly string[] };

type SurroundingsHost = SubPathHost & Pick<Host, 'writeFile'>;

const hostsPath = '/etc/hosts';
const largestEnvFile = 2 ** 20;

/** The form of a container's surroundings, for asking a runtime whether it can do it: nothing is read, nothing is made. */
export function planSurroundings(context: PodContext, start: Start): Surroundings {
  const env = environmentOf(context, start, new Map());
  const volumes = placedVolumes(context);
  const mounts = (start.container.volumeMounts ?? []).map((mount) => {
    const { volume, path } = volumeOf(volumes, mount);
    // What it refers to may be in a file that an init container is still to write.
    const subPath = mount.subPathExpr ? '' : subPathOf(mount, env);
    return mountOf(mount, volume, placeOf(volume, posix.join(path, subPath), subPath));
  });
  return { env, mounts: [...mounts, ...ownMounts(context, start)] };
}

/** Makes ready what is around a container, right before its start: files of variables read, parts of volumes mounted. */
export async function prepareSurroundings(
  host: SurroundingsHost,
  context: PodContext,
  start: Start,
): Promise<Surroundings> {
  const { container } = start;
  const volumes = placedVolumes(context);
  const env = environmentOf(context, start, await readFileValues(host, container, volumes));
  const mounts: Mount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const { volume, path } = volumeOf(volumes, mount);
    const subPath = subPathOf(mount, env);
    const target = volumePlaces(context.paths).subPath(volume.name, container.name, index);
    const isBound = subPath !== '' && context.hasMounts && volume.image === undefined;
    const hostPath = isBound ? await bindSubPath(host, { volume: path, subPath, target }) : posix.join(path, subPath);
    mounts.push(mountOf(mount, volume, placeOf(volume, hostPath, subPath)));
  }
  const own = ownMounts(context, start);
  if (own.some(({ containerPath }) => containerPath === hostsPath)) {
    const { pod } = context.desired;
    const input = { pod, podIPs: start.podIPs, clusterDomain: context.dns.clusterDomain };
    await writeHosts(host, volumePlaces(context.paths).etcHosts, input);
  }
  return { env, mounts: [...mounts, ...own] };
}

type PlacedVolumes = ReadonlyMap<string, { readonly volume: Volume; readonly path: string }>;

function placedVolumes({ desired: { pod }, paths }: PodContext): PlacedVolumes {
  const places = volumePaths(pod, paths);
  return new Map(
    (pod.spec.volumes ?? []).map((volume) => [volume.name, { volume, path: places.get(volume.name) ?? '' }]),
  );
}

function volumeOf(volumes: PlacedVolumes, { name, mountPath }: VolumeMount) {
  const found = volumes.get(name);
  if (found === undefined) throw new Error(`volumeMount ${mountPath}: there is no volume ${name}`);
  return found;
}

function placeOf({ image }: Volume, hostPath: string, subPath: string): MountPlace {
  if (image === undefined) return { hostPath };
  return { image: { reference: image.reference ?? '', ...(subPath === '' ? {} : { subPath }) } };
}

function environmentOf({ desired, node }: PodContext, { container, podIPs }: Start, fileValues: FileValues) {
  const { pod } = desired;
  const addresses = { hostIPs: node.ips, podIPs: pod.spec.hostNetwork ? node.ips : podIPs };
  return containerEnvironment({ pod, container, addresses, node, fileValues });
}

/** The termination log and /etc/hosts, where the container mounts nothing of its own there. */
function ownMounts({ paths, hasMounts }: PodContext, { container, attempt }: Start): readonly Mount[] {
  if (!hasMounts) return [];
  const taken = new Set((container.volumeMounts ?? []).map(({ mountPath }) => posix.join('/', mountPath)));
  const own = [
    { hostPath: volumePlaces(paths).etcHosts, containerPath: hostsPath },
    {
      hostPath: paths.terminationLog(container.name, attempt),
      containerPath: posix.join('/', container.terminationMessagePath),
    },
  ];
  return own
    .filter(({ containerPath }) => !taken.has(containerPath))
    .map((mount) => ({ ...mount, readOnly: false, propagation: 'private' }));
}

async function readFileValues(
  host: SurroundingsHost,
  container: Container,
  volumes: PlacedVolumes,
): Promise<FileValues> {
  const values = new Map<string, string>();
  for (const entry of container.env ?? []) {
    const value = await fileValue(host, entry, volumes);
    if (value !== undefined) values.set(entry.name, value);
  }
  return values;
}

/** Undefined when there is none and it may be so. The file is a container's: it may be a link, or no file at all. */
async function fileValue(host: SurroundingsHost, entry: EnvVar, volumes: PlacedVolumes): Promise<string | undefined> {
  const ref = entry.valueFrom?.fileKeyRef;
  if (ref === undefined) return undefined;
  const what = `env ${entry.name}: ${ref.path} of volume ${ref.volumeName}`;
  const base = volumes.get(ref.volumeName)?.path;
  if (base === undefined) throw new Error(`${what}: there is no such volume`);
  const text = await readInside(host, base, ref.path, what);
  const value = text === undefined ? undefined : parse(text, ref.key, what);
  if (value === undefined && !ref.optional) throw new Error(`${what} has no ${ref.key}`);
  return value;
}

async function readInside(
  host: SurroundingsHost,
  base: string,
  path: string,
  what: string,
): Promise<string | undefined> {
  try {
    return await host.holdInside(base, path, {}, async (held) => {
      const info = await host.stat(held.path);
      if (info?.kind !== 'file' || info.size > largestEnvFile) throw new Error('it is no file of at most 1 MiB');
      return host.readText(held.path);
    });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw new Error(`${what} cannot be read`, { cause: thrown });
  }
}

function parse(text: string, key: string, what: string): string | undefined {
  try {
    return envFileValue(text, key);
  } catch (thrown) {
    throw new Error(what, { cause: thrown });
  }
}
