import { posix } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { PodResources, SandboxConfig } from '../runtime.ts';
import { removeGroup, setLimits, weightOf } from './limits.ts';
import { type CgroupMounts, controllerDirectory, findCgroupMounts } from './mounts.ts';

type CgroupHost = Pick<Host, 'readText' | 'list' | 'run' | 'cpuCount'>;
export type CgroupDriver = 'cgroupfs' | 'systemd' | 'none';

type Options = {
  readonly host: CgroupHost;
  readonly owner: string;
  readonly warn: (message: string) => void;
};

/**
 * The control groups of pods, which hold what a pod as a whole may use. They form the kubelet's tree
 * `kubepods/<qos>/pod<uid>`, below a group of this owner: a kubelet on the same machine kills what it does not know in
 * the tree at the top (pkg/kubelet cleanupOrphanedPodCgroups), and two roots shall not clear each other's away.
 */
export class PodCgroups {
  readonly #options: Options;
  #mounts: Promise<CgroupMounts | undefined> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** As engines take it for this pod; undefined when the pod has none. */
  parentOf({ pod, resources }: SandboxConfig, driver: CgroupDriver): string | undefined {
    if (resources === undefined || driver === 'none') return undefined;
    return cgroupParent({ owner: this.#options.owner, uid: pod.uid, qos: resources.qos, driver });
  }

  /** Gives the pod's group its limits; called when a container is in it, since runc makes it as each version needs. */
  async limit(parent: string, resources: PodResources): Promise<void> {
    try {
      if (parent.endsWith('.slice')) return await this.#limitSlice(parent, resources);
      const mounts = await this.#findMounts();
      if (mounts === undefined) throw new Error('no control groups are mounted here');
      const { qos: _, ...limits } = resources;
      await setLimits(mounts, parent, limits);
      await this.#balance(mounts, posix.dirname(parent));
    } catch (thrown) {
      this.#options.warn(`the limits of pods as a whole cannot be set on this host: ${reasonOf(thrown)}`);
    }
  }

  /** Removes the pod's group once nothing is in it; systemd removes slices by itself. */
  async remove(parent: string): Promise<void> {
    if (parent === '' || parent.endsWith('.slice') || !parent.startsWith(`/${ownGroup(this.#options.owner)}/`)) return;
    const mounts = await this.#findMounts();
    if (mounts === undefined) return;
    await removeGroup(mounts, parent);
    await this.#balance(mounts, posix.dirname(parent)).catch(() => {});
    await this.#removeEmpty(mounts);
  }

  /** Removes what a killed agent left: groups without anything in them. */
  async sweep(): Promise<void> {
    const mounts = await this.#findMounts();
    if (mounts === undefined) return;
    for (const parent of ['kubepods', 'kubepods/burstable', 'kubepods/besteffort']) {
      const path = `/${ownGroup(this.#options.owner)}/${parent}`;
      const directory = controllerDirectory(mounts, 'memory', path);
      const names = directory === undefined ? [] : await this.#options.host.list(directory).catch(() => undefined);
      for (const name of names ?? []) if (name.startsWith('pod')) await removeGroup(mounts, posix.join(path, name));
    }
    await this.#removeEmpty(mounts);
  }

  /** What is above the pods goes with the last one. */
  async #removeEmpty(mounts: CgroupMounts): Promise<void> {
    for (const path of ['kubepods/burstable', 'kubepods/besteffort', 'kubepods', '']) {
      await removeGroup(mounts, posix.join('/', ownGroup(this.#options.owner), path));
    }
  }

  /** Burstable pods together weigh what they ask for, BestEffort ones nearly nothing (pkg/kubelet/cm/qos_container_manager_linux.go). */
  async #balance(mounts: CgroupMounts, qosPath: string): Promise<void> {
    const { host } = this.#options;
    const whole = host.cpuCount() * 1024;
    const kubepods = `/${ownGroup(this.#options.owner)}/kubepods`;
    for (const path of [posix.dirname(kubepods), kubepods]) await setLimits(mounts, path, { cpuShares: whole });
    if (qosPath.endsWith('/besteffort')) return setLimits(mounts, qosPath, { cpuShares: 2 });
    const directory = qosPath.endsWith('/burstable') ? controllerDirectory(mounts, 'cpu', qosPath) : undefined;
    if (directory === undefined) return;
    const pods = ((await host.list(directory)) ?? []).filter((name) => name.startsWith('pod'));
    const file = mounts.version === 1 ? 'cpu.shares' : 'cpu.weight';
    const amounts = await Promise.all(pods.map((name) => host.readText(posix.join(directory, name, file))));
    const sum = amounts.reduce((total, text) => total + Number(text ?? 0), 0);
    const shares = mounts.version === 1 ? sum : Math.round((sum * 262_142) / 9999);
    await setLimits(mounts, qosPath, { cpuShares: Math.min(262_144, Math.max(2, shares)) });
  }

  async #limitSlice(slice: string, resources: PodResources): Promise<void> {
    const { code, stderr } = await this.#options.host.run(
      'systemctl',
      ['set-property', '--runtime', slice, ...sliceProperties(resources)],
      { timeoutMs: 10_000 },
    );
    if (code !== 0) throw new Error(stderr.trim() || `systemctl ended with ${code}`);
  }

  #findMounts(): Promise<CgroupMounts | undefined> {
    this.#mounts ??= findCgroupMounts(this.#options.host);
    return this.#mounts;
  }
}

/** `/<own>/kubepods/burstable/pod<uid>`, or a slice whose name says the same (kubelet.md 2.4). */
export function cgroupParent(pod: {
  readonly owner: string;
  readonly uid: string;
  readonly qos: PodResources['qos'];
  readonly driver: CgroupDriver;
}): string {
  const quality = pod.qos === 'Guaranteed' ? [] : [pod.qos.toLowerCase()];
  const parts = [ownGroup(pod.owner), 'kubepods', ...quality, `pod${pod.uid}`];
  // A dash in a slice's name is a level of the tree.
  if (pod.driver === 'systemd') return `${parts.map((part) => part.replaceAll('-', '_')).join('-')}.slice`;
  return `/${parts.join('/')}`;
}

/** systemd.resource-control(5), which translates them for machines of cgroup version 1. */
export function sliceProperties({ cpuShares, cpuQuota, memoryLimitBytes, pidsLimit }: PodResources): string[] {
  return [
    `CPUWeight=${weightOf(cpuShares)}`,
    ...(cpuQuota === undefined ? [] : [`CPUQuota=${Math.max(1, Math.ceil(cpuQuota / 1000))}%`]),
    ...(memoryLimitBytes === undefined ? [] : [`MemoryMax=${memoryLimitBytes}`]),
    ...(pidsLimit === undefined ? [] : [`TasksMax=${pidsLimit}`]),
  ];
}

function ownGroup(owner: string): string {
  return `kube-bootstrap-${owner.slice(0, 8)}`;
}

/** Without the path of the one pod, so that it is said once for all. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown).replace(/, \w+ '.*'$/, '');
}
