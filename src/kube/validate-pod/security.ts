import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { PodSpec, SeccompProfile, SecurityContext } from '../types.ts';
import { checks } from './checks.ts';

const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9][-_a-z0-9./]*[a-z0-9]$|^[a-z0-9]+$/;

type Where = { readonly errors: FieldErrors; readonly spec: PodSpec };

/** The pod's security context and what must not be combined with host namespaces (validatePodSpecSecurityContext). */
export function validatePodSecurity(spec: PodSpec, errors: FieldErrors): void {
  const check = checks(errors);
  const path = ['spec', 'securityContext'];
  const context = spec.securityContext;
  check.userId([...path, 'runAsUser'], context.runAsUser);
  check.userId([...path, 'runAsGroup'], context.runAsGroup);
  check.userId([...path, 'fsGroup'], context.fsGroup);
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) {
    check.userId([...path, 'supplementalGroups', index], group);
  }
  const { fsGroupChangePolicy, supplementalGroupsPolicy } = context;
  const { seLinuxChangePolicy } = context as { readonly seLinuxChangePolicy?: string };
  if (seLinuxChangePolicy !== undefined) {
    check.oneOf([...path, 'seLinuxChangePolicy'], seLinuxChangePolicy, ['MountOption', 'Recursive']);
  }
  if (fsGroupChangePolicy !== undefined) {
    check.oneOf([...path, 'fsGroupChangePolicy'], fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
  }
  if (supplementalGroupsPolicy !== undefined) {
    check.oneOf([...path, 'supplementalGroupsPolicy'], supplementalGroupsPolicy, ['Merge', 'Strict']);
  }
  validateProfile(context.seccompProfile, [...path, 'seccompProfile'], errors);
  validateProfile(context.appArmorProfile, [...path, 'appArmorProfile'], errors);
  validateSysctls(spec, [...path, 'sysctls'], errors);
  validateHostNamespaces(spec, errors);
}

/** A container's security context (ValidateSecurityContext); privileged is allowed, as on every kubelet. */
export function validateSecurityContext(context: SecurityContext, path: FieldPath, { errors, spec }: Where): void {
  const check = checks(errors);
  check.userId([...path, 'runAsUser'], context.runAsUser);
  check.userId([...path, 'runAsGroup'], context.runAsGroup);
  if (context.procMount !== undefined) {
    check.oneOf([...path, 'procMount'], context.procMount, ['Default', 'Unmasked']);
    if (context.procMount === 'Unmasked' && spec.hostUsers !== false) {
      errors.invalid([...path, 'procMount'], context.procMount, '`hostUsers` must be false to use `Unmasked`');
    }
  }
  validateProfile(context.seccompProfile, [...path, 'seccompProfile'], errors);
  validateProfile(context.appArmorProfile, [...path, 'appArmorProfile'], errors);
  if (context.allowPrivilegeEscalation !== false) return;
  const at = [...path, 'allowPrivilegeEscalation'];
  if (context.privileged === true) errors.invalid(at, false, 'cannot be false when `privileged` is true');
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    errors.invalid(at, false, 'cannot be false when `capabilities.add` has CAP_SYS_ADMIN');
  }
}

function validateProfile(profile: SeccompProfile | undefined, path: FieldPath, errors: FieldErrors): void {
  if (profile === undefined) return;
  const check = checks(errors);
  check.oneOf([...path, 'type'], profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined']);
  const at = [...path, 'localhostProfile'];
  if (profile.type !== 'Localhost') {
    if (profile.localhostProfile !== undefined) {
      errors.invalid(at, profile.localhostProfile, 'can only be set when the type is Localhost');
    }
    return;
  }
  const ofSeccomp = path.at(-1) === 'seccompProfile';
  // An empty seccomp profile passes the API server; an empty AppArmor profile does not.
  const missing = ofSeccomp ? profile.localhostProfile === undefined : !profile.localhostProfile;
  if (missing) errors.required(at, 'must be set when the type is Localhost');
  else if (ofSeccomp) check.descendingPath(at, profile.localhostProfile ?? '');
}

function validateSysctls(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { name = '' }] of (spec.securityContext.sysctls ?? []).entries()) {
    const at = [...path, index, 'name'];
    if (name === '') errors.required(at);
    else if (name.length > 253 || !sysctlName.test(name)) errors.invalid(at, name, 'must be the name of a sysctl');
    else if (seen.has(name)) errors.duplicate(at, name);
    else if (spec.hostNetwork === true && /^net[./]/.test(name)) {
      errors.invalid(at, name, 'may not be specified when `hostNetwork` is true');
    } else if (spec.hostIPC === true && /^(kernel[./](shm|msg|sem)|fs[./]mqueue[./])/.test(name)) {
      errors.invalid(at, name, 'may not be specified when `hostIPC` is true');
    }
    seen.add(name);
  }
}

function validateHostNamespaces(spec: PodSpec, errors: FieldErrors): void {
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.invalid(['spec', 'shareProcessNamespace'], true, 'shareProcessNamespace and hostPID cannot both be enabled');
  }
  if (spec.hostUsers !== false) return;
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[name] === true) errors.forbidden(['spec', name], 'when `hostUsers` is false');
  }
}
