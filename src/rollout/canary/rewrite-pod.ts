import { basename, join } from 'node:path';
import type { Container, Pod, Volume } from '../../kube/types.ts';
import { commandOf } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { flagRules } from './flag-rules.ts';
import { type FlagChange, rewriteCommand } from './rewrite-command.ts';
import { type Scratch, scratchOf } from './scratch.ts';

export type CanaryPod = { readonly pod: Pod; readonly changes: readonly FlagChange[] };

export type PodSurroundings = {
  readonly scratch: Scratch;
  /** hostPaths of the pod that are not on this machine. */
  readonly missing: ReadonlySet<string>;
};

const scratchVolume = 'canary-scratch';

/** Why a pod cannot be tried: nobody could say that what it would do is harmless. Undefined when it can. */
export function untriable(component: ComponentName, pod: Pod): string | undefined {
  const line = commandOf(pod);
  const program = basename(line.program[0] ?? '');
  if (line.program.length !== 1 || program !== component) {
    return `its command begins with "${line.program.join(' ')}", not with ${component}`;
  }
  if (component === 'etcd' && line.flags.has('--config-file')) return 'its --config-file says where its data is';
  const withVariable = flagRules[component].find(({ flag }) => /\$\(/.test(line.flags.get(flag)?.join() ?? ''));
  return withVariable === undefined ? undefined : `${withVariable.flag} is made of variables`;
}

/**
 * The pod of a component's canary: its main container as it is, on the host network, but for the flags of `flagRules`,
 * its data directory, ports, probes and hooks.
 */
export function rewritePod(component: ComponentName, pod: Pod, surroundings: PodSurroundings): CanaryPod {
  const { scratch } = surroundings;
  const [main] = pod.spec.containers;
  if (main === undefined) throw new Error(`${component} has no container`);
  const { words, changes } = rewriteCommand(component, [...(main.command ?? []), ...(main.args ?? [])], scratch);
  const { volumes = [], initContainers: _init, ...spec } = pod.spec;
  const data = dataDirectories(pod);
  const paths = new Map(volumes.map(({ name, hostPath }) => [name, hostPath?.path ?? '']));
  // A file that is not there yet, and that the canary is told by another path, needs no mount.
  const replaced = (path: string, name: string) =>
    scratch.files.has(path) && surroundings.missing.has(paths.get(name) ?? '');
  const mounts = (main.volumeMounts ?? []).filter(
    ({ mountPath, name }) => !data.has(mountPath) && !replaced(mountPath, name),
  );
  const mounted = new Set(mounts.map(({ name }) => name));
  const own = scratchOf(scratch, component);
  const container: Container = {
    ...withoutKeys(main, ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'args']),
    command: words,
    ...(main.env && { env: main.env.filter(({ name }) => !isRewritten(component, name)) }),
    volumeMounts: [...mounts, { name: scratchVolume, mountPath: own }],
  };
  const kept = volumes
    .filter(({ name }) => mounted.has(name))
    .map((volume) => standIn(volume, component, surroundings));
  return {
    pod: {
      ...pod,
      metadata: { ...pod.metadata, name: `canary-${component}` },
      spec: {
        ...spec,
        hostNetwork: true,
        containers: [container],
        volumes: [...kept, { name: scratchVolume, hostPath: { path: own, type: 'Directory' } }],
      },
    },
    changes,
  };
}

/** What etcd writes to, as mounted: the canary's is its own. */
function dataDirectories(pod: Pod): ReadonlySet<string> {
  const { flags } = commandOf(pod);
  return new Set([...(flags.get('--data-dir') ?? []), ...(flags.get('--wal-dir') ?? [])]);
}

/** etcd takes each flag as a variable too (`ETCD_DATA_DIR`). */
function isRewritten(component: ComponentName, variable: string): boolean {
  if (component !== 'etcd' || !variable.startsWith('ETCD_')) return false;
  const flag = `--${variable.slice('ETCD_'.length).toLowerCase().replaceAll('_', '-')}`;
  return flag === '--config-file' || flagRules.etcd.some((rule) => rule.flag === flag);
}

/** What would be made on the machine for the pod is made in the scratch directory. */
function standIn(volume: Volume, component: ComponentName, { scratch, missing }: PodSurroundings): Volume {
  const { hostPath } = volume;
  if (hostPath === undefined || !missing.has(hostPath.path)) return volume;
  const type = hostPath.type ?? '';
  if (type !== '' && !type.endsWith('OrCreate')) return volume;
  const path = join(scratchOf(scratch, component), 'volumes', volume.name);
  return { ...volume, hostPath: { path, type: type === '' ? 'DirectoryOrCreate' : type } };
}

function withoutKeys<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key as K))) as Omit<T, K>;
}
