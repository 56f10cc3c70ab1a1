import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Container, Pod, Volume } from '../../kube/types.ts';
import type { PodContext } from '../containers/pod-context.ts';
import type { PodPaths } from '../home/pod-paths.ts';
import { type AtomicHost, writeAtomically } from './atomic-files.ts';
import { downwardFiles } from './downward-files.ts';
import { type EmptyDirHost, prepareEmptyDir } from './empty-dir.ts';
import { prepareHostPath } from './host-path.ts';
import { nestedMounts } from './nested-mounts.ts';
import { volumePlaces } from './volume-places.ts';

export type VolumeDoors = {
  readonly host: EmptyDirHost & AtomicHost;
  readonly clock: Clock;
  readonly log: Log;
  /** Gets the images of image volumes. */
  readonly images: { get(uid: string, image: Pick<Container, 'image' | 'imagePullPolicy'>): Promise<unknown> };
};

/** Where each volume of a pod is on the machine, by its name; '' for one that is an image. */
export type VolumePaths = ReadonlyMap<string, string>;

type VolumeKind = {
  path(volume: Volume, paths: PodPaths): string;
  prepare(doors: VolumeDoors, context: PodContext, volume: Volume): Promise<void>;
};

/** The kinds of volume that are known here; each names where it is and makes it ready. */
const kinds: Readonly<Record<string, VolumeKind>> = {
  hostPath: {
    path: ({ hostPath }) => hostPath?.path ?? '',
    prepare: ({ host }, _context, { hostPath }) => prepareHostPath(host, hostPath?.path ?? '', hostPath?.type ?? ''),
  },
  emptyDir: {
    path: ({ name }, paths) => paths.emptyDir(name),
    prepare: prepareEmptyDir,
  },
  downwardAPI: {
    path: ({ name }, paths) => volumePlaces(paths).downwardApi(name),
    prepare: prepareDownward,
  },
  projected: {
    path: ({ name }, paths) => volumePlaces(paths).projected(name),
    prepare: prepareDownward,
  },
  image: {
    path: () => '',
    prepare: async ({ images }, { desired }, { image }) => {
      const reference = { image: image?.reference ?? '', imagePullPolicy: image?.pullPolicy ?? 'IfNotPresent' };
      await images.get(desired.uid, reference);
    },
  },
};

/** Why a kind of volume that a static pod may have is not there. */
const unknownKinds: Readonly<Record<string, string>> = {
  nfs: 'mount the export on the machine, and use a hostPath volume',
  iscsi: 'log the machine in and mount the disk there, and use a hostPath volume',
  fc: 'mount the disk on the machine, and use a hostPath volume',
  flexVolume: 'mount it on the machine, and use a hostPath volume',
};

/** Where the volumes of a pod are. Throws for a kind that cannot be used here. */
export function volumePaths(pod: Pod, paths: PodPaths): VolumePaths {
  return new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, kindOf(volume).path(volume, paths)]));
}

/** Why this pod cannot have what its volumes, names and DNS settings ask for, one text each. */
export function volumeRefusals({ desired: { pod }, hasMounts }: PodContext): readonly string[] {
  const volumes = pod.spec.volumes ?? [];
  return [
    ...volumes.filter((volume) => memberOf(volume) === undefined).map((volume) => refusal(volume)),
    ...volumes
      .filter(({ emptyDir }) => emptyDir?.medium?.startsWith('HugePages'))
      .map(({ name, emptyDir }) => `volume ${name}: emptyDir of medium ${emptyDir?.medium} is not supported`),
    ...(hasMounts ? [] : mountlessRefusals(pod)),
  ];
}

/** Files that a program without mounts of its own would read from the machine. */
function mountlessRefusals({ spec }: Pod): readonly string[] {
  const instead = "programs of the process runtime read the machine's own; use --runtime docker for this pod";
  return [
    ...(spec.hostAliases?.length ? [`hostAliases need an /etc/hosts of the pod's own: ${instead}`] : []),
    ...(spec.dnsPolicy === 'None' || spec.dnsConfig !== undefined
      ? [`dnsPolicy None and dnsConfig need a resolv.conf of the pod's own: ${instead}`]
      : []),
  ];
}

/** Makes the volumes of a pod ready for its containers; throws when one cannot be. */
export async function prepareVolumes(doors: VolumeDoors, context: PodContext): Promise<void> {
  const { pod } = context.desired;
  await doors.host.makeDirectory(context.paths.dir, { mode: 0o750 });
  await doors.host.createFile(volumePlaces(context.paths).ownMark, '');
  for (const volume of pod.spec.volumes ?? []) {
    try {
      await kindOf(volume).prepare(doors, context, volume);
    } catch (thrown) {
      throw new Error(`volume ${volume.name} is not ready`, { cause: thrown });
    }
  }
}

async function prepareDownward(doors: VolumeDoors, context: PodContext, volume: Volume): Promise<void> {
  const group = context.desired.pod.spec.securityContext.fsGroup;
  const files = downwardFiles(context, volume);
  const dir = kindOf(volume).path(volume, context.paths);
  for (const nested of nestedMounts(context.desired.pod, volume.name)) {
    await doors.host.makeDirectory(join(dir, nested), { mode: 0o755 });
  }
  await writeAtomically(doors, dir, { files, group });
}

function memberOf(volume: Volume): string | undefined {
  return Object.keys(kinds).find((member) => volume[member] !== undefined);
}

function kindOf(volume: Volume): VolumeKind {
  const kind = kinds[memberOf(volume) ?? ''];
  if (kind === undefined) throw new Error(refusal(volume));
  return kind;
}

function refusal(volume: Volume): string {
  const kind = Object.keys(volume).find((member) => member !== 'name') ?? 'unknown';
  const known = Object.keys(kinds).join(', ');
  const instead = unknownKinds[kind];
  if (instead === undefined)
    return `volume ${volume.name}: volumes of the kind ${kind} are not supported (${known} are)`;
  return `volume ${volume.name}: ${kind} needs a volume plugin, which there is none of here; ${instead}`;
}
