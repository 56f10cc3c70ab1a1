import type Docker from 'dockerode';
import { PreflightError } from '../../base/errors.ts';
import type { CgroupDriver } from '../cgroups/pod-cgroups.ts';
import { type DockerClient, lookTimeoutMs } from './client.ts';
import { hasStatus } from './docker-error.ts';

/** What this engine was started with, and what its machine can. */
export type EngineFacts = {
  readonly cgroupDriver: CgroupDriver;
  readonly appArmor: boolean;
  /** Whether there is a default bridge for pods off the host network (`--bridge none`: there is none). */
  readonly bridge: boolean;
  /** Minor number of API 1.x. */
  readonly apiMinor: number;
};

/** Asks the engine once, and again after it was restarted, when it may have other options. */
export class EngineFactsCache {
  readonly #client: DockerClient;
  #asked: Promise<EngineFacts> | undefined;

  constructor(client: DockerClient) {
    this.#client = client;
  }

  get(): Promise<EngineFacts> {
    this.#asked ??= askEngine(this.#client).catch((thrown: unknown) => {
      this.#asked = undefined;
      throw thrown;
    });
    return this.#asked;
  }

  forget(): void {
    this.#asked = undefined;
  }
}

async function askEngine(client: DockerClient): Promise<EngineFacts> {
  const within = { timeoutMs: lookTimeoutMs };
  const [info, version, bridge] = await Promise.all([
    // dockerode has no signal here.
    client.call('cannot ask Docker what it can', (docker) => docker.info() as Promise<Info>, within),
    client.call('cannot ask Docker for its version', (docker) => docker.version(), within),
    hasBridge(client),
  ]);
  const options = info.SecurityOptions ?? [];
  return {
    cgroupDriver: driverOf(info.CgroupDriver),
    appArmor: options.some((option) => option.startsWith('name=apparmor')),
    bridge,
    apiMinor: Number(version.ApiVersion.split('.')[1] ?? 0),
  };
}

type Info = { readonly CgroupDriver?: string; readonly SecurityOptions?: readonly string[] };

function driverOf(name: string | undefined): CgroupDriver {
  return name === 'cgroupfs' || name === 'systemd' ? name : 'none';
}

async function hasBridge(client: DockerClient): Promise<boolean> {
  try {
    const inspect = (docker: Docker) => docker.getNetwork('bridge').inspect();
    await client.call('cannot look at the default bridge', inspect, { timeoutMs: lookTimeoutMs });
    return true;
  } catch (thrown) {
    if (hasStatus(thrown, 404)) return false;
    throw thrown;
  }
}

/** Docker 20.10 is the oldest that we know to do all we ask for. Throws PreflightError. */
export function refuseOldApi(version: string, apiVersion: string): void {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  if (major > 1 || minor >= 41) return;
  throw new PreflightError(`Docker ${version} speaks API ${apiVersion}; 1.41 or newer is needed (Docker 20.10)`, {
    hint: 'update Docker, or use --runtime process',
  });
}
