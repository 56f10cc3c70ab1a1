import type { Finding } from '../base/diagnostics.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** Where a value stands in a document: member names and list indices from the root. */
export type FieldPath = Path;

/**
 * Collects findings about the fields of one document, in the words of the API server's field errors. What has the wrong
 * type is said once: nothing more about it or what is below it.
 */
export type FieldErrors = {
  readonly findings: readonly Finding[];
  error(path: FieldPath, message: string, hint?: string): void;
  mistyped(path: FieldPath, message: string, hint?: string): void;
  warning(path: FieldPath, message: string, hint?: string): void;
  required(path: FieldPath, why?: string): void;
  invalid(path: FieldPath, value: unknown, why: string): void;
  unsupported(path: FieldPath, value: unknown, supported: readonly string[]): void;
  duplicate(path: FieldPath, value: unknown): void;
  forbidden(path: FieldPath, why: string): void;
};

/** An empty collection for the document `file`; `locate` gives the places (of the nearest thing around a missing one). */
export function fieldErrors(file: string, locate: YamlDocument['position']): FieldErrors {
  const findings: Finding[] = [];
  const mistyped = new Set<string>();
  const add = (
    severity: Finding['severity'],
    path: FieldPath,
    text: { message: string; hint?: string | undefined },
  ) => {
    if ([...path, ''].some((_, length) => mistyped.has(renderFieldPath(path.slice(0, length))))) return;
    const place = locate(path, severity === 'error' ? 'value' : 'key');
    findings.push({
      severity,
      file,
      ...place,
      ...(path.length === 0 ? {} : { path: renderFieldPath(path) }),
      message: text.message,
      ...(text.hint === undefined ? {} : { hint: text.hint }),
    });
  };
  const error = (path: FieldPath, message: string, hint?: string) => add('error', path, { message, hint });
  return {
    findings,
    error,
    mistyped: (path, message, hint) => {
      error(path, message, hint);
      mistyped.add(renderFieldPath(path));
    },
    warning: (path, message, hint) => add('warning', path, { message, hint }),
    required: (path, why) => error(path, why === undefined ? 'required value' : `required value: ${why}`),
    invalid: (path, value, why) => error(path, `invalid value: ${show(value)}: ${why}`),
    unsupported: (path, value, supported) =>
      error(path, `unsupported value: ${show(value)}: supported values: ${supported.map(show).join(', ')}`),
    duplicate: (path, value) => error(path, `duplicate value: ${show(value)}`),
    forbidden: (path, why) => error(path, `forbidden: ${why}`),
  };
}

/** `spec.containers[0].env[1].name`; member names that are no plain words as `metadata.labels[a.b/c]`. */
export function renderFieldPath(path: FieldPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(part)) return `[${part}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
