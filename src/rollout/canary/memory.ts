import type { ComponentName } from '../../manifests/component.ts';

const mebi = 2 ** 20;

/** What a canary may need until it is ready, with some room (measured idle: 50, 284, 115 and 73 MB). */
const needBytes: Readonly<Record<ComponentName, number>> = {
  etcd: 96 * mebi,
  'kube-apiserver': 400 * mebi,
  'kube-controller-manager': 176 * mebi,
  'kube-scheduler': 128 * mebi,
};

/** What is left to those who run. */
const reserveBytes = 128 * mebi;

/** Why these canaries are not started, by `MemAvailable` of /proc/meminfo; undefined when they can be. */
export function tooLittleMemory(
  components: readonly ComponentName[],
  availableBytes: number | undefined,
): string | undefined {
  if (availableBytes === undefined) return undefined;
  const need = components.reduce((total, component) => total + needBytes[component], reserveBytes);
  if (availableBytes >= need) return undefined;
  const mebibytes = (bytes: number) => `${Math.round(bytes / mebi)} MiB`;
  return `${mebibytes(availableBytes)} of memory are available, and they may need ${mebibytes(need)}`;
}

/** MemAvailable (proc(5)) in bytes; undefined when the text does not say. */
export function availableMemory(meminfo: string | undefined): number | undefined {
  const kibibytes = /^MemAvailable:\s*(\d+) kB$/m.exec(meminfo ?? '')?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
