import type Docker from 'dockerode';
import { hasCode } from '../../base/errors.ts';
import { type Log, warnOnce } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';

type Nicety = {
  readonly name: 'oom-score' | 'cgroup-parent';
  readonly isAsked: (config: Docker.HostConfig) => boolean;
  /** What Docker says when it may be for want of this. */
  readonly signs: RegExp;
  readonly without: (config: Docker.HostConfig) => Docker.HostConfig;
  readonly warning: string;
};

/** What a pod asks for but can do without on a host that has it not. */
const niceties: readonly Nicety[] = [
  {
    name: 'oom-score',
    isAsked: (config) => (config.OomScoreAdj ?? 0) < 0,
    // runc 1.1 without CAP_SYS_RESOURCE dies in its C stage and says only "can't get final child's PID from pipe: EOF".
    signs: /oom_score_adj|final child's PID/,
    without: (config) => ({ ...config, OomScoreAdj: 0 }),
    warning: 'Docker may not set a negative oom_score_adj on this host (no CAP_SYS_RESOURCE); containers run with 0',
  },
  {
    name: 'cgroup-parent',
    isAsked: (config) => config.CgroupParent !== undefined,
    signs: /cgroup/i,
    without: ({ CgroupParent: _dropped, ...config }) => config,
    warning: 'Docker cannot use the cgroup parent of pods on this host; there are no limits for a pod as a whole',
  },
];

export type NicetyName = Nicety['name'];

/** What this host turned out to lack: found out once, said once, left out from then on. */
export class Niceties {
  readonly #lacking = new Set<NicetyName>();
  readonly #proven = new Set<NicetyName>();
  readonly #warn: (message: string) => void;

  constructor(log: Log) {
    this.#warn = warnOnce(log);
  }

  /** The configuration without what is known to be lacking, and without what is suspected to be. */
  fit(config: Docker.HostConfig, suspects: readonly NicetyName[]): Docker.HostConfig {
    const dropped = niceties.filter(({ name }) => this.#lacking.has(name) || suspects.includes(name));
    return dropped.reduce((fitted, nicety) => (nicety.isAsked(fitted) ? nicety.without(fitted) : fitted), config);
  }

  /** What may be the reason of a failure; undefined when only the pod itself can be. */
  suspect(fitted: Docker.HostConfig, failure: string): NicetyName | undefined {
    const suspected = ({ name, isAsked, signs }: Nicety) =>
      isAsked(fitted) && !this.#proven.has(name) && signs.test(failure);
    return niceties.find(suspected)?.name;
  }

  /** A container that asked for `wanted` started with `fitted`: what was left out is lacking, what was not is there. */
  learn(wanted: Docker.HostConfig, fitted: Docker.HostConfig): void {
    for (const { name, isAsked, warning } of niceties.filter((nicety) => nicety.isAsked(wanted))) {
      (isAsked(fitted) ? this.#proven : this.#lacking).add(name);
      if (!isAsked(fitted)) this.#warn(warning);
    }
  }

  isLacking(name: NicetyName): boolean {
    return this.#lacking.has(name);
  }

  /** Known beforehand, without a container having failed for it. */
  lacks(name: NicetyName): void {
    this.#lacking.add(name);
  }
}

const capSysResource = 24n;

/** Whether the dockerd of this machine lacks CAP_SYS_RESOURCE, as /proc says; false when that cannot be seen. */
export async function daemonLacksSysResource(host: Pick<Host, 'readText'>, socketPath: string): Promise<boolean> {
  if (!/^(\/var)?\/run\/docker\.sock$/.test(socketPath)) return false;
  try {
    const pid = (await host.readText('/run/docker.pid'))?.trim() ?? '';
    if (!/^\d+$/.test(pid) || (await host.readText(`/proc/${pid}/comm`))?.trim() !== 'dockerd') return false;
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec((await host.readText(`/proc/${pid}/status`)) ?? '')?.[1];
    return effective !== undefined && ((BigInt(`0x${effective}`) >> capSysResource) & 1n) === 0n;
  } catch (thrown) {
    if (hasCode(thrown, 'EACCES', 'EPERM', 'ESRCH')) return false;
    throw thrown;
  }
}
