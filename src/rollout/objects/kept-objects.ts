import type { ApiObject, WantedObject } from '../../cluster/wanted-object.ts';
import { isObject } from '../../kube/decode-fields.ts';

/** The objects of a revision as they are kept beside its manifests. They hold no Secrets. */
export function keptObjectsText(objects: readonly WantedObject[]): string {
  return `${JSON.stringify(objects, undefined, 2)}\n`;
}

/** Undefined when there is no such file, or not one that we wrote. */
export function readKeptObjects(text: string | undefined): readonly WantedObject[] | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every(isWantedObject) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isWantedObject(value: unknown): value is WantedObject {
  return isObject(value) && typeof value.phase === 'string' && isApiObject(value.object);
}

function isApiObject(value: unknown): value is ApiObject {
  return isObject(value) && typeof value.kind === 'string' && isObject(value.metadata);
}
