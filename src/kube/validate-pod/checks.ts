import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from '../names.ts';
import type { Labels, PodSpec, Volume } from '../types.ts';

/** What the rules about one part of a pod see of the rest. */
export type Scope = {
  readonly errors: FieldErrors;
  readonly spec: PodSpec;
  /** By name. */
  readonly volumes: ReadonlyMap<string, Volume>;
};

/** The rules that many fields share; messages as in k8s.io/apimachinery/pkg/util/validation. */
export function checks(errors: FieldErrors) {
  const invalidUnless = (valid: boolean, path: FieldPath, [value, why]: readonly [unknown, string]) => {
    if (!valid) errors.invalid(path, value, why);
  };
  const noBacksteps = (path: FieldPath, value: string) =>
    invalidUnless(!value.split('/').includes('..'), path, [value, "must not contain '..'"]);
  return {
    oneOf(path: FieldPath, value: string | undefined, supported: readonly string[]): void {
      if (!value) errors.required(path);
      else if (!supported.includes(value)) errors.unsupported(path, value, supported);
    },
    atLeastZero(path: FieldPath, value: number | undefined): void {
      invalidUnless((value ?? 0) >= 0, path, [value, 'must be greater than or equal to 0']);
    },
    between(path: FieldPath, value: number | undefined, [low, high]: readonly [number, number]): void {
      if (value === undefined) return;
      invalidUnless(value >= low && value <= high, path, [value, `must be between ${low} and ${high}, inclusive`]);
    },
    dnsLabel(path: FieldPath, value: string): void {
      const why = 'must be a DNS label: at most 63 of a-z, 0-9 and "-", no "-" at the ends';
      invalidUnless(isDnsLabel(value), path, [value, why]);
    },
    dnsSubdomain(path: FieldPath, value: string): void {
      const why =
        'must be a DNS subdomain: at most 253 of a-z, 0-9, "-" and ".", each part beginning and ending with a letter or digit';
      invalidUnless(isDnsSubdomain(value), path, [value, why]);
    },
    qualifiedName(path: FieldPath, value: string): void {
      const why = 'must be a qualified name: [prefix/]name, the name at most 63 letters, digits, "-", "_" and "."';
      invalidUnless(isQualifiedName(value), path, [value, why]);
    },
    labels(path: FieldPath, labels: Labels | undefined): void {
      for (const [key, value] of Object.entries(labels ?? {})) {
        this.qualifiedName([...path, key], key);
        this.labelValue([...path, key], value);
      }
    },
    labelValue(path: FieldPath, value: string): void {
      invalidUnless(isLabelValue(value), path, [
        value,
        'must be empty or at most 63 letters, digits, "-", "_" and "."',
      ]);
    },
    portName(path: FieldPath, value: string): boolean {
      const why = portNameFault(value);
      invalidUnless(why === undefined, path, [value, why ?? '']);
      return why === undefined;
    },
    noBacksteps,
    /** A relative path that stays below. */
    descendingPath(path: FieldPath, value: string): void {
      invalidUnless(!value.startsWith('/'), path, [value, 'must be a relative path']);
      noBacksteps(path, value);
    },
    mode(path: FieldPath, value: number | undefined): void {
      if (value === undefined) return;
      const why = 'must be a number between 0 and 0777 (octal), both inclusive';
      invalidUnless(value >= 0 && value <= 0o777, path, [value, why]);
    },
    userId(path: FieldPath, value: unknown): void {
      if (typeof value === 'number') this.between(path, value, [0, 2_147_483_647]);
    },
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
