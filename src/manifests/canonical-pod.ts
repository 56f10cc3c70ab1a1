import { isObject } from '../kube/decode-fields.ts';
import { type FieldSchema, podTypes } from '../kube/pod-schema.ts';
import { canonicalQuantity } from '../kube/quantity.ts';

const scalarZeros: readonly unknown[] = [undefined, null, '', 0, false];

/**
 * A decoded object as Go writes it, so that our manifests look like kubeadm's: keys in alphabetical order; empty values
 * left out unless the field is always written; structs that are no pointers always there (`resources: {}`, `status: {}`);
 * quantities in their canonical form.
 */
export function canonicalObject(value: unknown, type: string): Readonly<Record<string, unknown>> {
  const given = isObject(value) ? value : {};
  const fields = [...(podTypes.get(type) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const members = fields.flatMap(([name, field]) => {
    const member = canonicalField(given[name], field);
    return member === undefined ? [] : [[name, member]];
  });
  return Object.fromEntries(members);
}

function canonicalField(value: unknown, field: FieldSchema): unknown {
  if (field.form === 'list') {
    if (!Array.isArray(value) || value.length === 0) return field.alwaysWritten ? null : undefined;
    return value.map((item) => canonicalValue(item, field.type));
  }
  if (field.form === 'map') {
    if (!isObject(value) || Object.keys(value).length === 0) return undefined;
    const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([key, member]) => [key, canonicalValue(member, field.type)]));
  }
  return canonicalSingle(value, field);
}

function canonicalSingle(value: unknown, field: FieldSchema): unknown {
  if (field.pointer) return value === undefined || value === null ? undefined : canonicalValue(value, field.type);
  if (podTypes.has(field.type)) return canonicalObject(value, field.type);
  // A Quantity that is no pointer is a struct for encoding/json: written even when zero.
  if (field.type === 'quantity') return canonicalQuantity(String(value ?? '0'));
  if (field.type === 'any') return value ?? {};
  if (!scalarZeros.includes(value)) return value;
  return field.alwaysWritten ? (value ?? zeroOf(field.type)) : undefined;
}

function canonicalValue(value: unknown, type: string): unknown {
  if (podTypes.has(type)) return canonicalObject(value, type);
  return type === 'quantity' ? (canonicalQuantity(String(value)) ?? value) : value;
}

function zeroOf(type: string): unknown {
  if (type === 'bool') return false;
  return type.startsWith('int') ? 0 : '';
}
