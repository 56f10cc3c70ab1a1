import type { RejectedManifest } from '../../kube/agent-socket.ts';
import type { DesiredPod } from '../desired.ts';

/** Where desired pods come from: a directory of manifests, a URL. */
export interface PodSource {
  /** Resolves when it is known what is desired: from then on what is not desired is known to be not desired. */
  start(): Promise<void>;
  /** Reads everything again; resolves when that is done. */
  look(): Promise<void>;
  /** By `namespace/name`. */
  get(key: string): DesiredPod | undefined;
  keys(): readonly string[];
  /** Manifests that are not run as they are. */
  rejected(): readonly RejectedManifest[];
  stop(): Promise<void>;
}

type MakeSource = (onChange: (key: string) => void) => PodSource;

/** Several sources as one: a pod that two of them define stays with the one that had it first. */
export function combineSources(makers: readonly MakeSource[], onChange: (key: string) => void): PodSource {
  const owners = new Map<string, PodSource>();
  const ownerOf = (key: string): PodSource | undefined => {
    const before = owners.get(key);
    const now = before?.get(key) === undefined ? sources.find((source) => source.get(key) !== undefined) : before;
    if (now === undefined) owners.delete(key);
    else owners.set(key, now);
    return now;
  };
  const changed = (key: string) => {
    ownerOf(key);
    onChange(key);
  };
  const sources: readonly PodSource[] = makers.map((make) => make(changed));
  const keys = () => [...new Set(sources.flatMap((source) => source.keys()))];
  const each = async (act: (source: PodSource) => Promise<void>) => void (await Promise.all(sources.map(act)));
  return {
    start: () => each((source) => source.start()),
    look: () => each((source) => source.look()),
    stop: () => each((source) => source.stop()),
    get: (key) => ownerOf(key)?.get(key),
    keys,
    rejected: () => [
      ...sources.flatMap((source) => source.rejected()),
      ...keys().flatMap((key) => losersOf(key, sources, ownerOf(key))),
    ],
  };
}

function losersOf(
  key: string,
  sources: readonly PodSource[],
  owner: PodSource | undefined,
): readonly RejectedManifest[] {
  const holder = owner?.get(key);
  return sources.flatMap((source) => {
    const found = source === owner ? undefined : source.get(key);
    if (found === undefined || holder === undefined) return [];
    return [{ file: found.file, reason: `${key} is defined by ${holder.file} already`, lastGoodRuns: false }];
  });
}
