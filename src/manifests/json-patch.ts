import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../kube/decode-fields.ts';
import { PatchError } from './strategic-merge.ts';

type Operation = { readonly op: string; readonly path: string; readonly from?: string; readonly value?: unknown };

/** Applies a merge patch (RFC 7396): objects merge, null removes, everything else replaces. */
export function mergePatch(original: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(original) ? { ...original } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Applies a JSON patch (RFC 6902); list indices may count from the end (`-1`), as evanphx/json-patch allows. */
export function jsonPatch(original: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new PatchError('a json patch is a list of operations');
  const root = { document: structuredClone(original) };
  for (const [index, operation] of patch.entries()) {
    try {
      applyOperation(root, operationOf(operation));
    } catch (thrown) {
      if (!(thrown instanceof PatchError)) throw thrown;
      throw new PatchError(`operation ${index + 1} (${JSON.stringify(operation)}): ${thrown.message}`);
    }
  }
  return root.document;
}

function operationOf(value: unknown): Operation {
  if (!isObject(value)) throw new PatchError('an operation is an object');
  const { op, path, from } = value;
  if (typeof op !== 'string' || typeof path !== 'string') throw new PatchError('op and path are needed');
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') throw new PatchError('from is needed');
  if (['add', 'replace', 'test'].includes(op) && !('value' in value)) throw new PatchError('value is needed');
  return { op, path, ...(typeof from === 'string' && { from }), value: value.value };
}

function applyOperation(root: { document: unknown }, { op, path, from = '', value }: Operation): void {
  if (op === 'add') add(root, path, value);
  else if (op === 'remove') remove(root, path);
  else if (op === 'replace') replace(root, path, value);
  else if (op === 'move') add(root, path, remove(root, from));
  else if (op === 'copy') add(root, path, structuredClone(read(root, from)));
  else if (op !== 'test') throw new PatchError(`${op} is no operation: add, remove, replace, move, copy or test`);
  else if (!isDeepStrictEqual(read(root, path), value)) {
    throw new PatchError(`${path} is ${JSON.stringify(read(root, path))}`);
  }
}

function replace(root: { document: unknown }, path: string, value: unknown): void {
  if (path !== '') remove(root, path);
  add(root, path, value);
}

function add(root: { document: unknown }, path: string, value: unknown): void {
  if (path === '') {
    root.document = value;
    return;
  }
  const { parent, key } = parentOf(root, path);
  if (Array.isArray(parent)) parent.splice(key === '-' ? parent.length : indexIn(parent, key, parent.length), 0, value);
  else parent[key] = value;
}

function remove(root: { document: unknown }, path: string): unknown {
  const { parent, key } = parentOf(root, path);
  if (Array.isArray(parent)) return parent.splice(indexIn(parent, key, parent.length - 1), 1)[0];
  if (!Object.hasOwn(parent, key)) throw new PatchError(`${path} is not there`);
  const { [key]: removed } = parent;
  delete parent[key];
  return removed;
}

function read(root: { document: unknown }, path: string): unknown {
  if (path === '') return root.document;
  const { parent, key } = parentOf(root, path);
  if (Array.isArray(parent)) return parent[indexIn(parent, key, parent.length - 1)];
  if (!Object.hasOwn(parent, key)) throw new PatchError(`${path} is not there`);
  return parent[key];
}

type Parent = { readonly parent: unknown[] | Record<string, unknown>; readonly key: string };

function parentOf(root: { document: unknown }, path: string): Parent {
  if (!path.startsWith('/')) throw new PatchError(`${path} is no JSON pointer: it begins with /`);
  const keys = path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop() ?? '';
  let parent = root.document;
  for (const key of keys) {
    if (Array.isArray(parent)) parent = parent[indexIn(parent, key, parent.length - 1)];
    else if (isObject(parent) && Object.hasOwn(parent, key)) parent = parent[key];
    else throw new PatchError(`${path} is not there`);
  }
  if (!Array.isArray(parent) && !isObject(parent)) throw new PatchError(`${path} is not there`);
  return { parent: parent as Parent['parent'], key: last };
}

function indexIn(list: readonly unknown[], key: string, highest: number): number {
  if (!/^-?\d+$/.test(key)) throw new PatchError(`${key} is no index of a list`);
  const index = Number(key) < 0 ? Number(key) + list.length : Number(key);
  if (index < 0 || index > highest) throw new PatchError(`the list has no index ${key}`);
  return index;
}
