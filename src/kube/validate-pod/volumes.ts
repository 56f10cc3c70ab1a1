import type { FieldPath } from '../field-errors.ts';
import { nanoOf } from '../quantity.ts';
import type { DownwardFile, Volume } from '../types.ts';
import { checks, type Scope } from './checks.ts';
import { validateFieldRef, validateResourceFieldRef } from './env.ts';
import { validateStorage } from './storage.ts';

const hostPathTypes = ['DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'];
const fileFields = ['metadata.name', 'metadata.namespace', 'metadata.labels', 'metadata.annotations', 'metadata.uid'];

/** The pod's volumes (ValidateVolumes), for the kinds that a static pod may have. */
export function validateVolumes(scope: Scope): void {
  const { errors, spec } = scope;
  const check = checks(errors);
  const seen = new Set<string>();
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const path = ['spec', 'volumes', index];
    if (!volume.name) errors.required([...path, 'name']);
    else check.dnsLabel([...path, 'name'], volume.name);
    if (volume.name && seen.has(volume.name)) errors.duplicate([...path, 'name'], volume.name);
    seen.add(volume.name);
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    for (const source of sources.slice(1))
      errors.forbidden([...path, source], 'may not specify more than 1 volume type');
    validateSource(volume, path, scope);
  }
}

function validateSource(volume: Volume, path: FieldPath, scope: Scope): void {
  const { errors } = scope;
  const check = checks(errors);
  const { hostPath, emptyDir, downwardAPI, projected, image } = volume;
  if (hostPath) {
    const at = [...path, 'hostPath'];
    if (!hostPath.path) errors.required([...at, 'path']);
    else check.noBacksteps([...at, 'path'], hostPath.path);
    if (hostPath.type) check.oneOf([...at, 'type'], hostPath.type, hostPathTypes);
  }
  if (emptyDir?.sizeLimit !== undefined && nanoOf(emptyDir.sizeLimit) < 0n) {
    errors.forbidden([...path, 'emptyDir', 'sizeLimit'], 'must be a valid resource quantity');
  }
  if (downwardAPI) {
    check.mode([...path, 'downwardAPI', 'defaultMode'], downwardAPI.defaultMode);
    validateFiles(downwardAPI.items ?? [], [...path, 'downwardAPI', 'items'], scope);
  }
  if (projected) validateProjected(projected, [...path, 'projected'], scope);
  if (image) {
    if (!image.reference) errors.required([...path, 'image', 'reference']);
    check.oneOf([...path, 'image', 'pullPolicy'], image.pullPolicy, ['Always', 'IfNotPresent', 'Never']);
  }
  validateStorage(volume, path, errors);
}

function validateProjected(projected: NonNullable<Volume['projected']>, path: FieldPath, scope: Scope): void {
  const { errors } = scope;
  checks(errors).mode([...path, 'defaultMode'], projected.defaultMode);
  const paths = new Set<string>();
  for (const [index, source] of (projected.sources ?? []).entries()) {
    const at = [...path, 'sources', index];
    const kinds = Object.keys(source);
    if (kinds.length === 0) errors.required(at, 'one of downwardAPI and the other sources is needed');
    for (const kind of kinds.slice(1))
      errors.forbidden([...at, kind], 'may not specify more than 1 volume type per source');
    const items = source.downwardAPI?.items ?? [];
    validateFiles(items, [...at, 'downwardAPI', 'items'], scope);
    for (const [item, file] of items.entries()) {
      const place = [...at, 'downwardAPI', 'items', item, 'path'];
      if (paths.has(file.path)) errors.invalid(place, file.path, 'conflicting duplicate paths');
      paths.add(file.path);
    }
  }
}

function validateFiles(files: readonly DownwardFile[], path: FieldPath, scope: Scope): void {
  const { errors } = scope;
  const check = checks(errors);
  for (const [index, file] of files.entries()) {
    const at = [...path, index];
    if (!file.path) errors.required([...at, 'path']);
    else {
      check.descendingPath([...at, 'path'], file.path);
      if (/^\.\.[^/]/.test(file.path)) errors.invalid([...at, 'path'], file.path, "must not start with '..'");
    }
    check.mode([...at, 'mode'], file.mode);
    const { fieldRef, resourceFieldRef } = file;
    if (fieldRef && resourceFieldRef)
      errors.forbidden(at, 'fieldRef and resourceFieldRef can not be specified together');
    else if (fieldRef) validateFieldRef(fieldRef, [...at, 'fieldRef'], { errors, fields: fileFields });
    else if (resourceFieldRef) validateFileResource(resourceFieldRef, [...at, 'resourceFieldRef'], scope);
    else errors.required(at, 'one of fieldRef and resourceFieldRef is required');
  }
}

function validateFileResource(
  reference: NonNullable<DownwardFile['resourceFieldRef']>,
  path: FieldPath,
  { errors }: Scope,
): void {
  if (!reference.containerName) errors.required([...path, 'containerName']);
  validateResourceFieldRef(reference, path, { errors });
}
