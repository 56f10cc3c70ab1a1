import type { HostPathMount } from '../config/types.ts';
import type { ExtraEnv, Extras } from './component.ts';
import { withExtraArgs } from './extra-args.ts';

type Item = Readonly<Record<string, unknown>>;

/** The component's container and pod volumes, as rendered. */
export type Parts = { readonly container: Item; readonly volumes: readonly Item[] };

/** Adds the user's arguments, environment and volumes to the component, as kubeadm does. */
export function withExtras({ container, volumes }: Parts, extras: Extras): Parts {
  const envs = byName([...itemsOf(container.env), ...extras.envs]);
  const mounts = itemsOf(container.volumeMounts);
  return {
    container: {
      ...container,
      command: withExtraArgs(itemsOf<string>(container.command), extras.args),
      ...(envs.length > 0 && { env: sortedByName(envs) }),
      volumeMounts: extras.volumes.length > 0 ? byName([...mounts, ...extras.volumes.map(mountOf)]) : mounts,
    },
    volumes: sortedByName(byName([...volumes, ...extras.volumes.map(volumeOf)])),
  };
}

/** Volumes and mounts of a control plane component are sorted by name; etcd's mounts are not (kubeadm etcd/local.go). */
export function withSortedMounts({ container, volumes }: Parts): Parts {
  return { container: { ...container, volumeMounts: sortedByName(itemsOf(container.volumeMounts)) }, volumes };
}

function volumeOf({ name, hostPath, pathType }: HostPathMount): Item {
  // kubeadm writes the type even when it is empty.
  return { name, hostPath: { path: hostPath, type: pathType ?? '' } };
}

function mountOf({ name, mountPath, readOnly }: HostPathMount): Item {
  return { name, mountPath, ...(readOnly && { readOnly }) };
}

/** Of items with the same name, the last. */
function byName<T extends Item | ExtraEnv>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.name, item])).values()];
}

function sortedByName<T extends Item>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
}

function itemsOf<T = Item>(value: unknown): readonly T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}
