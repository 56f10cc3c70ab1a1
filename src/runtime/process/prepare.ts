import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { StoredImage } from '../images/store.ts';
import type { ContainerSecurity } from '../runtime.ts';
import { findImageProgram, type ImageProgram, planEnvironment, planWords } from './program.ts';
import type { ContainerRecord } from './records.ts';
import { planUser, type RunAs, readUserDatabase } from './user.ts';

/** A container's surroundings, resolved against its image and this host. */
export type Prepared = {
  readonly program: ImageProgram;
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly workingDir: string;
  readonly runAs: RunAs | undefined;
  readonly security: Pick<ContainerSecurity, 'noNewPrivileges' | 'addCapabilities' | 'dropCapabilities'>;
};

type PrepareHost = Pick<Host, 'readText' | 'realPath' | 'stat' | 'uid' | 'homeDirectory'>;

/** What to run and how, for the container's own program or for `command` in it. Throws OperationError when it cannot be. */
export async function prepare(
  host: PrepareHost,
  { record, image }: { readonly record: ContainerRecord; readonly image: StoredImage },
  command?: readonly string[],
): Promise<Prepared> {
  const { config, hostname } = record;
  const env = planEnvironment(image.config, { env: config.env, hostname });
  const [word, ...args] = command ?? planWords(image.config, config);
  const isRoot = host.uid === 0;
  const runAs = isRoot
    ? planUser(image.config.user, config.security, await readUserDatabase(host, image.rootfs))
    : undefined;
  return {
    program: await findImageProgram(host, { rootfs: image.rootfs, name: config.image }, word, env),
    args,
    env: env.has('HOME') ? env : new Map([...env, ['HOME', runAs === undefined ? host.homeDirectory() : '/']]),
    workingDir: await workingDirectory(host, config.workingDir, image.config.workingDir),
    runAs,
    // Without root there are no capabilities to drop.
    security: isRoot ? config.security : { ...config.security, addCapabilities: [], dropCapabilities: [] },
  };
}

/** The pod's working directory must be there; the image's own counts only where the host has it. */
async function workingDirectory(host: PrepareHost, fromPod: string | undefined, fromImage: string): Promise<string> {
  if (fromPod) {
    if ((await host.stat(fromPod))?.kind === 'directory') return fromPod;
    throw new OperationError(`workingDir ${fromPod} is not a directory of the host`, {
      hint: "programs of the process runtime run on the host's file system",
    });
  }
  return fromImage !== '' && (await host.stat(fromImage))?.kind === 'directory' ? fromImage : '/';
}
