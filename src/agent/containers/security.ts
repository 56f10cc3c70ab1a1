import { join } from 'node:path';
import type { HostFiles } from '../../host/host.ts';
import type { Container, Labels, Pod, SeccompProfile } from '../../kube/types.ts';
import type { ContainerSecurity, SandboxConfig, SeccompChoice } from '../../runtime/runtime.ts';

/** Where a Localhost profile is looked for, and what no profile means. */
export type SeccompRules = { readonly kubeletDir: string; readonly seccompDefault: boolean };

/** The container's security context over the pod's. Throws when a Localhost seccomp profile cannot be read. */
export async function containerSecurity(
  host: Pick<HostFiles, 'readText'>,
  { pod, container }: { readonly pod: Pod; readonly container: Container },
  rules: SeccompRules,
): Promise<ContainerSecurity> {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext;
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  const appArmor = own.appArmorProfile ?? shared.appArmorProfile;
  return {
    privileged: own.privileged ?? false,
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: groupsOf(shared),
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    seccomp: own.privileged
      ? { type: 'Unconfined' }
      : await seccompChoice(host, own.seccompProfile ?? shared.seccompProfile, rules),
    ...(appArmor === undefined ? {} : { appArmor: appArmorName(appArmor) }),
    unmaskedProc: own.procMount === 'Unmasked',
    ...seLinuxOf(own.seLinuxOptions, shared.seLinuxOptions),
  };
}

/** What of the pod's security context is its sandbox's too. */
export function podSecurity(shared: Pod['spec']['securityContext']): NonNullable<SandboxConfig['security']> {
  const { runAsUser, runAsGroup } = shared;
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: groupsOf(shared),
    ...seLinuxOf(undefined, shared.seLinuxOptions),
  };
}

function groupsOf({ supplementalGroups = [], fsGroup }: Pod['spec']['securityContext']): readonly number[] {
  return [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])];
}

/** The container's own options in place of the pod's, all of them (pkg/securitycontext DetermineEffectiveSecurityContext). */
function seLinuxOf(own: Labels | undefined, shared: Labels | undefined): { readonly seLinux?: Labels } {
  const options = own ?? shared;
  return options === undefined ? {} : { seLinux: options };
}

/** The seccomp profile with its text. Without one the container is unconfined, as with the kubelet's own default. */
export async function seccompChoice(
  host: Pick<HostFiles, 'readText'>,
  profile: SeccompProfile | undefined,
  rules: SeccompRules,
): Promise<SeccompChoice> {
  if (profile === undefined) return { type: rules.seccompDefault ? 'RuntimeDefault' : 'Unconfined' };
  if (profile.type !== 'Localhost') return { type: profile.type };
  const path = join(rules.kubeletDir, 'seccomp', profile.localhostProfile ?? '');
  const json = await host.readText(path);
  if (json === undefined) throw new Error(`seccomp profile ${path} is not there`);
  return { type: 'Localhost', path, json };
}

function appArmorName({ type, localhostProfile }: SeccompProfile): string {
  if (type === 'Localhost') return localhostProfile ?? '';
  return type === 'Unconfined' ? 'unconfined' : 'runtime/default';
}
