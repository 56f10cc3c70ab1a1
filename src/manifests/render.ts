import { join } from 'node:path';
import { errorsOf, type Finding } from '../base/diagnostics.ts';
import { UsageError } from '../base/errors.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import { decodeObject, isObject } from '../kube/decode-fields.ts';
import { fieldErrors } from '../kube/field-errors.ts';
import { decodePodDocument } from '../kube/pod.ts';
import type { Pod } from '../kube/types.ts';
import { parseYaml, toYaml } from '../kube/yaml.ts';
import { canonicalObject } from './canonical-pod.ts';
import type { Component, ComponentName, Extras } from './component.ts';
import { componentsOf, manifestFile } from './components.ts';
import { withExtras, withSortedMounts } from './extras.ts';
import type { HostFacts } from './host-facts.ts';
import { applyPatches, type Patch } from './patches.ts';
import { plainView } from './plain-values.ts';
import { type TemplateEngine, templateEngine } from './template-engine.ts';
import { templateFindings } from './template-findings.ts';
import type { Templates } from './templates.ts';

export type ManifestInput = {
  readonly config: Config;
  readonly paths: Paths;
  readonly templates: Templates;
  readonly hostFacts: HostFacts;
  /** Of `--patches`; default none. */
  readonly patches?: readonly Patch[];
};

export type RenderedManifest = {
  readonly component: ComponentName;
  /** Where it belongs: `/etc/kubernetes/manifests/etcd.yaml`. */
  readonly file: string;
  /** Decoded and defaulted, as the agent reads it. */
  readonly pod: Pod;
  readonly text: string;
  readonly warnings: readonly Finding[];
};

type Item = Readonly<Record<string, unknown>>;

/**
 * The manifests of the components that this configuration runs, or of those in `only`, from nothing but the input: template,
 * then extraArgs, extraEnvs and extraVolumes, then patches, then validation. Throws UsageError for a mistake in any of these.
 */
export async function renderManifests(
  input: ManifestInput,
  only?: readonly ComponentName[],
): Promise<readonly RenderedManifest[]> {
  const engine = await templateEngine(input.templates.partials);
  return componentsOf(input.config)
    .filter(({ name }) => only === undefined || only.includes(name))
    .map((component) => renderManifest(engine, component, input));
}

function renderManifest(engine: TemplateEngine, component: Component, input: ManifestInput): RenderedManifest {
  const rendered = renderTemplate(engine, component, input);
  const complete = withComponentExtras(rendered, component, component.extras(input));
  const schema = { target: component.name, schema: 'Pod' };
  const patched = applyPatches(canonicalObject(complete, 'Pod'), input.patches ?? [], schema);
  const file = join(input.paths.manifestsDir, manifestFile(component.name));
  const { value, findings } = checked(patched, file);
  const canonical = canonicalObject(value, 'Pod');
  const decoded = decodePodDocument({ value: canonical, position: () => undefined }, file);
  const all = [...findings, ...decoded.findings];
  if (decoded.pod === undefined || errorsOf(findings).length > 0) throw invalidPod(component.name, all);
  return { component: component.name, file, pod: decoded.pod, text: toYaml(canonical), warnings: all };
}

/** The Pod that the template alone makes; what is wrong in it is said with the template's file and line. */
function renderTemplate(engine: TemplateEngine, { name, view }: Component, input: ManifestInput): Item {
  const template = input.templates.manifests.get(name);
  if (template === undefined) throw new Error(`there is no template for ${name}`);
  const plain = plainView(view(input));
  const text = engine.render(template, plain.view);
  const { documents, findings } = parseYaml(text, template.path);
  const [document] = documents;
  const locate = (found: readonly Finding[]) =>
    templateFindings(found, text, () => engine.lineOrigins(template, plain.view));
  if (errorsOf(findings).length > 0 || document === undefined || documents.length !== 1) {
    const message = `${template.path} makes no single YAML document`;
    throw new UsageError(message, { findings: locate(findings) });
  }
  const errors = fieldErrors(template.path, document.position);
  decodeObject(document.value, 'Pod', { path: [], errors });
  // An unknown field is an error here: the written manifest would silently lack it.
  const wrong = errors.findings.map((finding): Finding => ({ ...finding, severity: 'error' }));
  if (wrong.length > 0) throw new UsageError(`${template.path} makes no valid Pod`, { findings: locate(wrong) });
  return plain.restore(document.value) as Item;
}

function withComponentExtras(pod: Item, component: Component, extras: Extras): Item {
  const spec = isObject(pod.spec) ? pod.spec : {};
  const [container = {}, ...others] = itemsOf(spec.containers);
  const parts = withExtras({ container, volumes: itemsOf(spec.volumes) }, extras);
  const sorted = component.name === 'etcd' ? parts : withSortedMounts(parts);
  return { ...pod, spec: { ...spec, containers: [sorted.container, ...others], volumes: sorted.volumes } };
}

/** Drops what no Pod has, so that it can be written in canonical form. */
function checked(pod: Item, file: string): { value: Item; findings: readonly Finding[] } {
  const errors = fieldErrors(file, () => undefined);
  const value = decodeObject(pod, 'Pod', { path: [], errors }) ?? {};
  return { value, findings: errors.findings };
}

function invalidPod(name: ComponentName, findings: readonly Finding[]): UsageError {
  return new UsageError(`${name}: template, extra settings and patches together make no valid Pod`, {
    findings: errorsOf(findings),
    hint: 'look at extraArgs, extraEnvs, extraVolumes, --patches and --templates',
  });
}

function itemsOf(value: unknown): readonly Item[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
