import { join } from 'node:path';
import { shortHash } from '../../base/hash.ts';
import type { HostFiles } from '../../host/host.ts';
import type { ContainerConfig, PodIdentity, SandboxConfig } from '../runtime.ts';

/** `<containersDir>/sandboxes/<id>.json`. */
export type SandboxRecord = {
  readonly id: string;
  readonly config: SandboxConfig;
  readonly createdAtMs: number;
  /** /proc/sys/kernel/random/boot_id: nothing made before a restart of the machine runs after it. */
  readonly bootId: string;
  readonly stopped: boolean;
};

/** `<containersDir>/<id>/config.json`: written once, before the program starts. */
export type ContainerRecord = {
  readonly id: string;
  readonly sandboxId: string;
  readonly pod: PodIdentity;
  readonly hostname: string;
  readonly config: ContainerConfig;
  /** The image that runs, whatever its name means by now. */
  readonly imageId: string;
  readonly stopSignal: string;
  readonly createdAtMs: number;
  readonly bootId: string;
};

/**
 * Where things lie below the containers directory. In a container's directory: `config.json`, `run` (the helper's
 * script), `helper` and `pid` (`<pid> <start time>` of the helper and of the program). `exits/<id>` appears when the
 * program has ended: its exit code; one directory for all, so that one watch sees every end.
 */
export type ProcessPaths = {
  readonly sandboxes: string;
  readonly exits: string;
  container(id: string): string;
  file(id: string, name: 'config.json' | 'run' | 'helper' | 'pid'): string;
  exit(id: string): string;
  sandbox(id: string): string;
};

export function processPaths(containersDir: string): ProcessPaths {
  const sandboxes = join(containersDir, 'sandboxes');
  const exits = join(containersDir, 'exits');
  return {
    sandboxes,
    exits,
    container: (id) => join(containersDir, id),
    file: (id, name) => join(containersDir, id, name),
    exit: (id) => join(exits, id),
    sandbox: (id) => join(sandboxes, `${id}.json`),
  };
}

/** 64 hex characters, the same for the same pod and attempt: what makes creation idempotent. */
export function sandboxId(pod: PodIdentity, attempt: number): string {
  return longHash(['sandbox', pod.namespace, pod.name, pod.uid, attempt]);
}

/** 64 hex characters, the same for the same pod, container and attempt. */
export function containerId(pod: PodIdentity, name: string, attempt: number): string {
  return longHash(['container', pod.namespace, pod.name, pod.uid, name, attempt]);
}

export async function readSandbox(
  files: Pick<HostFiles, 'readText'>,
  path: string,
): Promise<SandboxRecord | undefined> {
  const text = await files.readText(path);
  return text === undefined ? undefined : (JSON.parse(text) as SandboxRecord);
}

export async function readContainer(
  files: Pick<HostFiles, 'readText'>,
  path: string,
): Promise<ContainerRecord | undefined> {
  const text = await files.readText(path);
  return text === undefined ? undefined : (JSON.parse(text) as ContainerRecord);
}

/** This start of the machine. */
export async function readBootId(files: Pick<HostFiles, 'readText'>): Promise<string> {
  return (await files.readText('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
}

/** When the machine was started, in milliseconds since the epoch (proc(5): `btime` in /proc/stat). */
export async function readBootTimeMs(files: Pick<HostFiles, 'readText'>): Promise<number> {
  const seconds = /^btime (\d+)$/m.exec((await files.readText('/proc/stat')) ?? '')?.[1];
  return Number(seconds ?? 0) * 1000;
}

function longHash(parts: readonly unknown[]): string {
  return shortHash(parts) + shortHash([...parts, 'more']);
}
