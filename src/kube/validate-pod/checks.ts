import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from '../names.ts';
import type { Labels, PodSpec, Volume } from '../types.ts';

/** What a qualified name is, for messages. */
export const qualifiedNameForm =
  'must be a qualified name: [prefix/]name, the name at most 63 letters, digits, "-", "_" and "."';
const dnsSubdomainForm =
  'must be a DNS subdomain: at most 253 of a-z, 0-9, "-" and ".", each part beginning and ending with a letter or digit';

/** What the rules about one part of a pod see of the rest. */
export type Scope = {
  readonly errors: FieldErrors;
  readonly spec: PodSpec;
  /** By name. */
  readonly volumes: ReadonlyMap<string, Volume>;
};

/** The rules that many fields share; messages as in k8s.io/apimachinery/pkg/util/validation. */
export function checks(errors: FieldErrors) {
  return { ...nameChecks(errors), ...valueChecks(errors) };
}

function nameChecks(errors: FieldErrors) {
  const rule = (isValid: (value: string) => boolean, why: string) => (path: FieldPath, value: string) => {
    if (!isValid(value)) errors.invalid(path, value, why);
  };
  const qualifiedName = rule(isQualifiedName, qualifiedNameForm);
  const labelValue = rule(isLabelValue, 'must be empty or at most 63 letters, digits, "-", "_" and "."');
  return {
    dnsLabel: rule(isDnsLabel, 'must be a DNS label: at most 63 of a-z, 0-9 and "-", no "-" at the ends'),
    dnsSubdomain: rule(isDnsSubdomain, dnsSubdomainForm),
    qualifiedName,
    labelValue,
    labels(path: FieldPath, labels: Labels | undefined): void {
      for (const [key, value] of Object.entries(labels ?? {})) {
        qualifiedName([...path, key], key);
        labelValue([...path, key], value);
      }
    },
    portName(path: FieldPath, value: string): boolean {
      const why = portNameFault(value);
      if (why !== undefined) errors.invalid(path, value, why);
      return why === undefined;
    },
  };
}

function valueChecks(errors: FieldErrors) {
  const between = (path: FieldPath, value: number | undefined, [low, high]: readonly [number, number]) => {
    if (value === undefined || (value >= low && value <= high)) return;
    errors.invalid(path, value, `must be between ${low} and ${high}, inclusive`);
  };
  const noBacksteps = (path: FieldPath, value: string) => {
    if (value.split('/').includes('..')) errors.invalid(path, value, "must not contain '..'");
  };
  return {
    between,
    noBacksteps,
    oneOf(path: FieldPath, value: string | undefined, supported: readonly string[]): void {
      if (!value) errors.required(path);
      else if (!supported.includes(value)) errors.unsupported(path, value, supported);
    },
    atLeastZero(path: FieldPath, value: number | undefined): void {
      if ((value ?? 0) < 0) errors.invalid(path, value, 'must be greater than or equal to 0');
    },
    /** A relative path that stays below. */
    descendingPath(path: FieldPath, value: string): void {
      if (value.startsWith('/')) errors.invalid(path, value, 'must be a relative path');
      noBacksteps(path, value);
    },
    mode(path: FieldPath, value: number | undefined): void {
      if (value === undefined || (value >= 0 && value <= 0o777)) return;
      errors.invalid(path, value, 'must be a number between 0 and 0777 (octal), both inclusive');
    },
    userId: (path: FieldPath, value: number | undefined) => between(path, value, [0, 2_147_483_647]),
  };
}

/** Why a port's name is none (IsValidPortName). */
function portNameFault(value: string): string | undefined {
  if (value.length > 15) return 'must be no more than 15 characters';
  if (!/^[-a-z0-9]+$/.test(value)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
  if (!/[a-z]/.test(value)) return 'must contain at least one letter (a-z)';
  if (value.includes('--')) return 'must not contain consecutive hyphens';
  return /^-|-$/.test(value) ? 'must not begin or end with a hyphen' : undefined;
}
