import { rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../base/errors.ts';
import { type CgroupMounts, controllerDirectory, groupDirectories } from './mounts.ts';

export type CgroupLimits = {
  readonly cpuShares?: number;
  /** Per 100 ms period, in µs. */
  readonly cpuQuota?: number;
  readonly memoryLimitBytes?: number;
  readonly pidsLimit?: number;
};

type ControlFile = { readonly controller: string; readonly file: string; readonly value: string };

const periodUs = 100_000;

/** The control files of a version that carry these limits (cgroup-v1/, cgroup-v2.rst of the kernel). */
export function planLimits(version: 1 | 2, limits: CgroupLimits): readonly ControlFile[] {
  const { cpuShares, cpuQuota, memoryLimitBytes, pidsLimit } = limits;
  const file = (controller: string, v1: string, v2: string, value: number | undefined) =>
    value === undefined ? [] : [{ controller, file: `${controller}.${version === 1 ? v1 : v2}`, value: `${value}` }];
  return [
    ...file('cpu', 'shares', 'weight', version === 1 || cpuShares === undefined ? cpuShares : weightOf(cpuShares)),
    ...(version === 1
      ? file('cpu', 'cfs_quota_us', '', cpuQuota)
      : cpuQuota === undefined
        ? []
        : [{ controller: 'cpu', file: 'cpu.max', value: `${cpuQuota} ${periodUs}` }]),
    ...file('memory', 'limit_in_bytes', 'max', memoryLimitBytes),
    ...file('pids', 'max', 'max', pidsLimit),
  ];
}

/** 2–262144 shares as weight 1–10000 (runc libcontainer/cgroups ConvertCPUSharesToCgroupV2Value). */
export function weightOf(cpuShares: number): number {
  return 1 + Math.floor(((cpuShares - 2) * 9999) / 262_142);
}

/** Sets limits on a control group that is there. Throws the system's error when the machine does not let us. */
export async function setLimits(mounts: CgroupMounts, path: string, limits: CgroupLimits): Promise<void> {
  for (const { controller, file, value } of planLimits(mounts.version, limits)) {
    const directory = controllerDirectory(mounts, controller, path);
    // A period of 100 ms is what every group begins with.
    if (directory !== undefined) await writeFile(join(directory, file), value, { flag: 'r+' });
  }
}

/** Removes a control group from every tree; one that has processes or groups in it stays, one that is gone is fine. */
export async function removeGroup(mounts: CgroupMounts, path: string): Promise<void> {
  for (const directory of groupDirectories(mounts, path)) {
    try {
      await rmdir(directory);
    } catch (thrown) {
      if (!hasCode(thrown, 'ENOENT', 'EBUSY', 'ENOTEMPTY', 'EACCES', 'EPERM', 'EROFS')) throw thrown;
    }
  }
}
