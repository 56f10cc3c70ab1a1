import type { ContainerSecurity, SandboxConfig, SeccompChoice } from '../runtime.ts';
import type { CriSecurityContext, SecurityProfile } from './messages.ts';
import { namespaceOptions } from './sandbox-request.ts';

type Facts = { readonly imageUser: string; readonly maskedPaths: readonly string[]; readonly appArmor: boolean };

/** What of /proc and /sys a container does not see (kubernetes pkg/securitycontext/util.go). */
export const maskedPaths: readonly string[] = [
  ...['/proc/asound', '/proc/acpi', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats'],
  ...['/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi'],
  ...['/sys/firmware', '/sys/devices/virtual/powercap'],
];
/** And what it may only read. */
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** As kubernetes pkg/kubelet/kuberuntime/security_context.go; without runAsUser the image's user is named. */
export function securityContext(sandbox: SandboxConfig, security: ContainerSecurity, facts: Facts): CriSecurityContext {
  const { addCapabilities, dropCapabilities, appArmor, seLinux, runAsGroup } = security;
  return {
    capabilities: { addCapabilities, dropCapabilities },
    privileged: security.privileged,
    namespaceOptions: namespaceOptions(sandbox),
    ...(seLinux === undefined ? {} : { selinuxOptions: seLinux }),
    ...userOf(security, facts.imageUser),
    ...(runAsGroup === undefined ? {} : { runAsGroup: { value: runAsGroup } }),
    readonlyRootfs: security.readOnlyRootFilesystem,
    supplementalGroups: security.supplementalGroups,
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: security.unmaskedProc ? [] : facts.maskedPaths,
    readonlyPaths: security.unmaskedProc ? [] : readonlyPaths,
    seccomp: seccompProfile(security.seccomp),
    // Without it in the kernel containerd takes no profile at all; one that matters is refused before.
    ...(appArmor === undefined || !facts.appArmor ? {} : appArmorOf(appArmor)),
  };
}

/** An image without a user runs as root, which is said as 0 (kuberuntime_image.go getImageUser). */
function userOf({ runAsUser }: ContainerSecurity, imageUser: string) {
  if (runAsUser !== undefined) return { runAsUser: { value: runAsUser } };
  if (imageUser === '') return { runAsUser: { value: 0 } };
  return /^\d+$/.test(imageUser) ? { runAsUser: { value: Number(imageUser) } } : { runAsUsername: imageUser };
}

function seccompProfile(choice: SeccompChoice): SecurityProfile {
  if (choice.type === 'Localhost') return { profileType: 'Localhost', localhostRef: choice.path };
  return { profileType: choice.type };
}

/** In both forms: containerd before 1.6 and CRI-O before 1.20 know only the second. */
function appArmorOf(name: string): Pick<CriSecurityContext, 'apparmor' | 'apparmorProfile'> {
  if (name === 'runtime/default') return { apparmor: { profileType: 'RuntimeDefault' }, apparmorProfile: name };
  if (name === 'unconfined') return { apparmor: { profileType: 'Unconfined' }, apparmorProfile: name };
  return { apparmor: { profileType: 'Localhost', localhostRef: name }, apparmorProfile: `localhost/${name}` };
}
