import type { FieldPath } from '../field-errors.ts';
import type { Container, EnvVar, ResourceFieldRef } from '../types.ts';
import { checks, type Scope } from './checks.ts';

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const resourceFields = ['limits', 'requests'].flatMap((kind) =>
  ['cpu', 'memory', 'ephemeral-storage'].map((resource) => `${kind}.${resource}`),
);
const sizeDivisors = [
  '1',
  ...['k', 'M', 'G', 'T', 'P', 'E'].flatMap((unit) => [`1${unit}`]),
  '1Ki',
  '1Mi',
  '1Gi',
  '1Ti',
  '1Pi',
  '1Ei',
];
const sources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const;

/** Environment variables of a container (ValidateEnv). */
export function validateEnv(container: Container, path: FieldPath, scope: Scope): void {
  for (const [index, env] of (container.env ?? []).entries()) {
    const at = [...path, 'env', index];
    validateEnvName(env.name, [...at, 'name'], scope);
    if (env.valueFrom !== undefined) validateValueFrom(env, [...at, 'valueFrom'], scope);
  }
}

function validateEnvName(name: string | undefined, path: FieldPath, { errors }: Scope): void {
  if (!name) errors.required(path);
  else if (!/^[\x20-\x3c\x3e-\x7e]+$/.test(name)) {
    errors.invalid(
      path,
      name,
      'a valid environment variable name consists only of printable ASCII characters other than "="',
    );
  }
}

function validateValueFrom({ value, valueFrom = {} }: EnvVar, path: FieldPath, scope: Scope): void {
  const { errors } = scope;
  const given = sources.filter((source) => valueFrom[source] !== undefined);
  if (given.length === 0) errors.invalid(path, '', `must specify one of: ${sources.join(', ')}`);
  else if (value) errors.invalid(path, '', 'may not be specified when `value` is not empty');
  else if (given.length > 1) errors.invalid(path, '', 'may not have more than one field specified at a time');
  const { fieldRef, resourceFieldRef, fileKeyRef } = valueFrom;
  if (fieldRef) validateFieldRef(fieldRef, [...path, 'fieldRef'], { ...scope, fields: envFields });
  if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, [...path, 'resourceFieldRef'], scope);
  if (fileKeyRef) validateFileKeyRef(fileKeyRef, [...path, 'fileKeyRef'], scope);
}

/** A reference to a field of the pod, one of `fields` or an annotation or label by key (validateObjectFieldSelector). */
export function validateFieldRef(
  reference: { readonly fieldPath?: string; readonly apiVersion?: string },
  path: FieldPath,
  { errors, fields }: Pick<Scope, 'errors'> & { readonly fields: readonly string[] },
): void {
  const { fieldPath, apiVersion = 'v1' } = reference;
  if (apiVersion !== 'v1') errors.invalid([...path, 'apiVersion'], apiVersion, 'unsupported pod version');
  if (!fieldPath) {
    errors.required([...path, 'fieldPath']);
    return;
  }
  const [, map, key] = /^(.*?)\['([^']*)'\]$/.exec(fieldPath) ?? [];
  if (map === undefined || key === undefined) {
    if (!fields.includes(fieldPath)) errors.unsupported([...path, 'fieldPath'], fieldPath, fields);
  } else if (map === 'metadata.annotations' || map === 'metadata.labels') {
    checks(errors).qualifiedName([...path, 'fieldPath'], map === 'metadata.annotations' ? key.toLowerCase() : key);
  } else {
    errors.invalid([...path, 'fieldPath'], fieldPath, 'does not support subscript');
  }
}

/** A reference to a container's limit or request (validateContainerResourceFieldSelector). */
export function validateResourceFieldRef(
  { resource, divisor = '0' }: ResourceFieldRef,
  path: FieldPath,
  { errors }: Pick<Scope, 'errors'>,
): void {
  if (!resource) {
    errors.required([...path, 'resource']);
    return;
  }
  if (!resourceFields.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    errors.unsupported([...path, 'resource'], resource, resourceFields);
  }
  const possible = resource.endsWith('.cpu') ? ['1m', '1'] : sizeDivisors;
  if (divisor !== '0' && !possible.includes(divisor)) errors.unsupported([...path, 'divisor'], divisor, possible);
}

function validateFileKeyRef(
  reference: NonNullable<NonNullable<EnvVar['valueFrom']>['fileKeyRef']>,
  path: FieldPath,
  { errors, volumes }: Scope,
): void {
  for (const name of ['volumeName', 'path', 'key'] as const) if (!reference[name]) errors.required([...path, name]);
  checks(errors).noBacksteps([...path, 'path'], reference.path ?? '');
  if (!reference.volumeName) return;
  const volume = volumes.get(reference.volumeName);
  if (volume === undefined) errors.error([...path, 'volumeName'], `not found: "${reference.volumeName}"`);
  else if (volume.emptyDir === undefined) {
    errors.invalid([...path, 'volumeName'], reference.volumeName, 'referenced volume must be of type emptyDir');
  }
}
