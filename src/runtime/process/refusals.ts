import { posix } from 'node:path';
import type { ContainerConfig, SandboxConfig, SeccompChoice } from '../runtime.ts';

const elsewhere = 'use --runtime docker for this pod';

/** Why a pod cannot run as plain processes of the host, each with its reason; empty when it can. `uid`, `gid`: our own. */
export function planRefusals(
  sandbox: SandboxConfig,
  containers: readonly ContainerConfig[],
  own: { readonly uid: number; readonly gid: number },
): readonly string[] {
  return [
    ...sandboxRefusals(sandbox),
    ...containers.flatMap((container) =>
      [...containerRefusals(container), ...(own.uid === 0 ? [] : unprivilegedRefusals(container, own))].map(
        (reason) => `container ${container.name}: ${reason}`,
      ),
    ),
  ];
}

/** What is accepted but not enforced, to be said once; the same text for every pod. */
export function planNotes(container: ContainerConfig, sandbox: SandboxConfig): readonly string[] {
  const { resources, security } = container;
  const notes: readonly (readonly [boolean, string])[] = [
    [(resources.cpuShares ?? 2) > 2, 'CPU requests'],
    [resources.cpuQuota !== undefined, 'CPU limits'],
    [resources.memoryLimitBytes !== undefined, 'memory limits'],
    [container.mounts.some((mount) => mount.readOnly), 'read-only mounts'],
    [[security.seccomp, sandbox.seccomp].some(({ type }) => type === 'RuntimeDefault'), 'seccomp RuntimeDefault'],
    [security.appArmor === 'runtime/default', 'AppArmor RuntimeDefault'],
    [security.seLinux !== undefined, 'SELinux options'],
    [container.stdin, 'stdin'],
  ];
  return notes.flatMap(([applies, what]) =>
    applies ? [`the process runtime accepts but does not enforce ${what}`] : [],
  );
}

function sandboxRefusals(sandbox: SandboxConfig): readonly string[] {
  const sysctls = Object.keys(sandbox.sysctls);
  return [
    ...(sandbox.hostNetwork
      ? []
      : [
          `hostNetwork is false: the process runtime has no network but the host's; set hostNetwork: true or ${elsewhere}`,
        ]),
    ...(sysctls.length === 0 ? [] : [`sysctls (${sysctls.join(', ')}) would change the host itself`]),
    ...localhostProfile(sandbox.seccomp),
  ];
}

function containerRefusals({ mounts, security, tty }: ContainerConfig): readonly string[] {
  return [
    ...mounts
      .filter(({ image }) => image !== undefined)
      .map(({ containerPath }) => `mountPath ${containerPath} is an image volume, which is not mounted; ${elsewhere}`),
    ...mounts
      .filter((mount) => mount.image === undefined && isElsewhere(mount))
      .map(
        ({ hostPath, containerPath }) =>
          `mountPath ${containerPath} is ${hostPath} on the host: the process runtime mounts nothing; ` +
          `use a hostPath volume mounted at the same path or ${elsewhere}`,
      ),
    ...(security.privileged ? [`privileged: the process runtime has no isolation to lift; ${elsewhere}`] : []),
    ...(security.readOnlyRootFilesystem ? [`readOnlyRootFilesystem cannot be kept on the host's file system`] : []),
    ...(security.unmaskedProc ? ['procMount: Unmasked has no meaning without a /proc of its own'] : []),
    ...(tty ? [`tty: the process runtime has no terminal to give; ${elsewhere}`] : []),
    ...localhostProfile(security.seccomp),
    ...(['runtime/default', 'unconfined', undefined].includes(security.appArmor)
      ? []
      : [`AppArmor profile ${security.appArmor} cannot be applied; ${elsewhere}`]),
  ];
}

/** Without root nobody can become somebody else. */
function unprivilegedRefusals(
  { security }: ContainerConfig,
  own: { readonly uid: number; readonly gid: number },
): readonly string[] {
  const { runAsUser, runAsGroup, supplementalGroups, addCapabilities } = security;
  const foreign = supplementalGroups.filter((gid) => gid !== own.gid);
  const why = `the agent runs as user ${own.uid}, not as root`;
  return [
    ...(runAsUser === undefined || runAsUser === own.uid ? [] : [`runAsUser ${runAsUser}: ${why}`]),
    ...(runAsGroup === undefined || runAsGroup === own.gid ? [] : [`runAsGroup ${runAsGroup}: ${why}`]),
    ...(foreign.length === 0 ? [] : [`supplementalGroups or fsGroup ${foreign.join(', ')}: ${why}`]),
    ...(addCapabilities.length === 0 ? [] : [`capabilities ${addCapabilities.join(', ')}: ${why}`]),
  ];
}

function isElsewhere(mount: { readonly hostPath: string; readonly containerPath: string }): boolean {
  return clean(mount.hostPath) !== clean(mount.containerPath);
}

function clean(path: string): string {
  return posix.normalize(path).replace(/(.)\/+$/, '$1');
}

function localhostProfile(choice: SeccompChoice): readonly string[] {
  return choice.type === 'Localhost' ? [`seccomp profile ${choice.path} cannot be applied; ${elsewhere}`] : [];
}
