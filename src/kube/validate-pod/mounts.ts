import type { FieldPath } from '../field-errors.ts';
import { nearest } from '../names.ts';
import type { Container, VolumeMount } from '../types.ts';
import { checks, type Scope } from './checks.ts';

/** Volume mounts and devices of a container (ValidateVolumeMounts, ValidateVolumeDevices). */
export function validateMounts(container: Container, path: FieldPath, scope: Scope): void {
  const { errors } = scope;
  const seen = new Set<string>();
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = [...path, 'volumeMounts', index];
    validateVolumeName(mount.name, [...at, 'name'], scope);
    if (!mount.mountPath) errors.required([...at, 'mountPath']);
    else if (seen.has(mount.mountPath)) errors.invalid([...at, 'mountPath'], mount.mountPath, 'must be unique');
    seen.add(mount.mountPath);
    validateSubPath(mount, at, scope);
    validatePropagation(mount, at, { ...scope, container });
  }
  for (const [index, device] of (container.volumeDevices ?? []).entries()) {
    const at = [...path, 'volumeDevices', index];
    if (!device.devicePath) errors.required([...at, 'devicePath']);
    const why = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
    errors.invalid([...at, 'name'], device.name, `${why}, which static pods may not have`);
  }
}

function validateVolumeName(name: string | undefined, path: FieldPath, { errors, volumes }: Scope): void {
  if (!name) errors.required(path);
  if (!name || volumes.has(name)) return;
  const near = nearest(name, [...volumes.keys()]);
  errors.error(
    path,
    `not found: the pod has no volume "${name}"`,
    near === undefined ? undefined : `did you mean ${near}?`,
  );
}

function validateSubPath(mount: VolumeMount, path: FieldPath, { errors }: Scope): void {
  const check = checks(errors);
  if (mount.subPath) check.descendingPath([...path, 'subPath'], mount.subPath);
  if (!mount.subPathExpr) return;
  check.descendingPath([...path, 'subPathExpr'], mount.subPathExpr);
  if (mount.subPath) {
    errors.invalid([...path, 'subPathExpr'], mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive');
  }
}

function validatePropagation(
  mount: VolumeMount,
  path: FieldPath,
  { errors, container }: Pick<Scope, 'errors'> & { readonly container: Container },
): void {
  const { mountPropagation, recursiveReadOnly } = mount;
  const check = checks(errors);
  if (mountPropagation !== undefined) {
    check.oneOf([...path, 'mountPropagation'], mountPropagation, ['Bidirectional', 'HostToContainer', 'None']);
    if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
      const why = 'Bidirectional mount propagation is available only to privileged containers';
      errors.forbidden([...path, 'mountPropagation'], why);
    }
  }
  if (recursiveReadOnly === undefined) return;
  const at = [...path, 'recursiveReadOnly'];
  check.oneOf(at, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible']);
  if (recursiveReadOnly === 'Disabled') return;
  if (mount.readOnly !== true) errors.forbidden(at, 'may only be specified when readOnly is true');
  if ((mountPropagation ?? 'None') !== 'None') {
    errors.forbidden(at, 'may only be specified when mountPropagation is None or not specified');
  }
}
