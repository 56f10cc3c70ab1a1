import { join, relative } from 'node:path';
import { errorsOf, type Finding } from '../base/diagnostics.ts';
import { UsageError } from '../base/errors.ts';
import type { HostFiles } from '../host/host.ts';
import { isObject } from '../kube/decode-fields.ts';
import { parseYaml } from '../kube/yaml.ts';
import { jsonPatch, mergePatch } from './json-patch.ts';
import { PatchError, strategicMerge } from './strategic-merge.ts';

type PatchType = 'strategic' | 'merge' | 'json';
export type Patch = {
  readonly target: string;
  readonly type: PatchType;
  readonly file: string;
  readonly value: unknown;
};
export type Patches = { readonly patches: readonly Patch[]; readonly warnings: readonly string[] };

/** What may be patched (kubeadm util/patches): the static pods, and what later phases make. */
const patchTargets: readonly string[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubeletconfiguration',
  'corednsdeployment',
  'kubeproxydaemonset',
];

const nameForm = new RegExp(`^(${patchTargets.join('|')})([^.+\\n]*)?(\\+)?(json|merge|strategic)?`);

/**
 * Reads a `--patches` directory as kubeadm does: files `target[suffix][+type].{yaml,json}`, in the order of their names,
 * sub-directories too, several patches in one file separated by `---`. What is not named so is a warning; throws
 * UsageError with all findings for what cannot be read.
 */
export async function readPatches(
  host: Pick<HostFiles, 'list' | 'stat' | 'readText'>,
  directory: string,
): Promise<Patches> {
  if ((await host.stat(directory))?.kind !== 'directory') {
    throw new UsageError(`patches: ${directory} is no directory`, {
      hint: 'give the directory that holds the patch files',
    });
  }
  const patches: Patch[] = [];
  const warnings: string[] = [];
  const findings: Finding[] = [];
  for (const file of await filesBelow(host, directory)) {
    const read = parsePatchFile(file, (await host.readText(file)) ?? '');
    patches.push(...read.patches);
    warnings.push(...read.warnings);
    findings.push(...read.findings);
  }
  if (findings.length > 0) throw new UsageError(`patches in ${directory} cannot be read`, { findings });
  return { patches, warnings };
}

/** What is in the patch files of a directory, by their paths inside it. */
export async function readPatchTexts(
  host: Pick<HostFiles, 'list' | 'stat' | 'readText'>,
  directory: string,
): Promise<Readonly<Record<string, string>>> {
  const files = (await filesBelow(host, directory)).filter((file) => /\.(json|yaml)$/.test(file)).sort();
  const texts = files.map(async (file) => [relative(directory, file), (await host.readText(file)) ?? ''] as const);
  return Object.fromEntries(await Promise.all(texts));
}

async function filesBelow(host: Pick<HostFiles, 'list' | 'stat'>, directory: string): Promise<readonly string[]> {
  const paths = ((await host.list(directory)) ?? []).map((name) => join(directory, name));
  const files = paths.map(async (path) => {
    const info = await host.stat(path, { followLinks: false });
    return info?.kind === 'directory' ? filesBelow(host, path) : [path];
  });
  return (await Promise.all(files)).flat();
}

function parsePatchFile(file: string, text: string): Patches & { readonly findings: readonly Finding[] } {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const ignored = (why: string) => ({ patches: [], findings: [], warnings: [`patches: ${file} is ignored: ${why}`] });
  if (!/.+\.(json|yaml)$/.test(name)) return ignored('the name must end with .yaml or .json');
  const match = nameForm.exec(name);
  if (match === null) return ignored(`its name begins with none of ${patchTargets.join(', ')}`);
  if (text === '') return ignored('it is empty');
  const [, target = '', , plus, type] = match;
  if (plus !== undefined && type === undefined) {
    const message = `unknown or missing patch type after +: json, merge or strategic`;
    return { patches: [], warnings: [], findings: [{ severity: 'error', file, message }] };
  }
  const { documents, findings } = parseYaml(text, file);
  const patchType = (type ?? 'strategic') as PatchType;
  const patches = documents.map(({ value }): Patch => ({ target, type: patchType, file, value }));
  return { patches, warnings: [], findings: errorsOf(findings) };
}

/** Applies the target's patches in their order. `schema` is its type for strategic merges. Throws UsageError naming the file. */
export function applyPatches(
  original: Readonly<Record<string, unknown>>,
  patches: readonly Patch[],
  { target, schema }: { readonly target: string; readonly schema: string | undefined },
): Readonly<Record<string, unknown>> {
  return patches
    .filter((patch) => patch.target === target)
    .reduce((object, patch) => applyPatch(object, patch, schema), original);
}

function applyPatch(
  object: Readonly<Record<string, unknown>>,
  { target, type, file, value }: Patch,
  schema: string | undefined,
): Readonly<Record<string, unknown>> {
  try {
    const patched = patchedBy(object, { type, value, schema });
    if (!isObject(patched)) throw new PatchError('it leaves no object');
    return patched;
  } catch (thrown) {
    if (!(thrown instanceof PatchError)) throw thrown;
    throw new UsageError(`${file}: the ${type} patch cannot be applied to ${target}: ${thrown.message}`);
  }
}

function patchedBy(
  object: Readonly<Record<string, unknown>>,
  { type, value, schema }: { readonly type: PatchType; readonly value: unknown; readonly schema: string | undefined },
): unknown {
  if (type === 'json') return jsonPatch(object, value);
  if (!isObject(value)) throw new PatchError(`a ${type} patch is an object`);
  return type === 'merge' ? mergePatch(object, value) : strategicMerge(object, value, schema);
}
