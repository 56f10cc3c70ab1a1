import { errorsOf } from '../base/diagnostics.ts';
import { UsageError } from '../base/errors.ts';
import { isMapping } from '../config/decode.ts';
import { controlPlaneEndpoint } from '../config/endpoints.ts';
import { imagesOf } from '../config/images.ts';
import type { Config } from '../config/types.ts';
import { nthAddress } from '../kube/cidr.ts';
import { parseYaml } from '../kube/yaml.ts';
import type { ExtraEnv, View } from '../manifests/component.ts';
import { applyPatches, type Patch } from '../manifests/patches.ts';
import { plainView } from '../manifests/plain-values.ts';
import { type TemplateEngine, templateEngine } from '../manifests/template-engine.ts';
import type { AddonName, AddonTemplates, Template } from '../manifests/templates.ts';
import { kubeProxyConfigurationText, signed } from './component-configuration.ts';
import type { ApiObject } from './wanted-object.ts';

export type AddonInput = {
  readonly config: Config;
  readonly templates: AddonTemplates;
  /** Of `--patches`: corednsdeployment and kubeproxydaemonset. */
  readonly patches: readonly Patch[];
  /** Our own proxy variables, which kube-proxy inherits. */
  readonly proxyEnvs: readonly ExtraEnv[];
};

/** The objects of CoreDNS, from its template (kubeadm phases/addons/dns). Throws UsageError for a mistake in template or patches. */
export async function corednsObjects(input: AddonInput): Promise<readonly ApiObject[]> {
  const { config, patches } = input;
  const { networking } = config.cluster;
  const objects = await render('coredns', input, {
    clusterIP: nthAddress(networking.serviceSubnet, 10),
    dnsDomain: networking.dnsDomain,
    image: imagesOf(config).coredns,
  });
  return objects.map((object) =>
    object.kind === 'Deployment' ? patched(object, patches, 'corednsdeployment') : object,
  );
}

/** The objects of kube-proxy, from its template (kubeadm phases/addons/proxy). Throws as `corednsObjects` does. */
export async function kubeProxyObjects(input: AddonInput): Promise<readonly ApiObject[]> {
  const { config, patches, proxyEnvs } = input;
  const objects = await render('kube-proxy', input, {
    // Without its last line end, as in kubeadm's ConfigMap.
    configuration: kubeProxyConfigurationText(config).trimEnd(),
    image: imagesOf(config).kubeProxy,
    server: controlPlaneEndpoint(config),
  });
  return objects.map((object) => {
    if (object.kind === 'DaemonSet') return withEnvs(patched(object, patches, 'kubeproxydaemonset'), proxyEnvs);
    const data = object.kind === 'ConfigMap' && isMapping(object.data) ? object.data : undefined;
    if (data === undefined || config.kubeProxy !== undefined) return object;
    return signed(object, data as Readonly<Record<string, string>>);
  });
}

async function render(name: AddonName, { templates }: AddonInput, view: View): Promise<readonly ApiObject[]> {
  const template = templates.get(name);
  if (template === undefined) throw new Error(`there is no template for ${name}`);
  return objectsOf(await templateEngine(new Map()), template, view);
}

function objectsOf(engine: TemplateEngine, template: Template, given: View): readonly ApiObject[] {
  const { view, restore } = plainView(given);
  const { documents, findings } = parseYaml(engine.render(template, view), template.path);
  if (errorsOf(findings).length > 0) {
    throw new UsageError(`${template.path} makes no valid YAML`, { findings: errorsOf(findings) });
  }
  return documents.map(({ value }, index) => {
    const object = restore(value);
    if (isApiObject(object)) return object;
    throw new UsageError(`${template.path}: document ${index + 1} has no apiVersion, kind and metadata.name`);
  });
}

function isApiObject(value: unknown): value is ApiObject {
  if (!isMapping(value) || !isMapping(value.metadata)) return false;
  return [value.apiVersion, value.kind, value.metadata.name].every((text) => typeof text === 'string' && text !== '');
}

function patched(object: ApiObject, patches: readonly Patch[], target: string): ApiObject {
  const made = applyPatches(object, patches, { target, schema: 'Workload' });
  if (isApiObject(made)) return made;
  throw new UsageError(`the patches of ${target} leave no apiVersion, kind and metadata.name`);
}

/** Adds variables to the first container, after patches and behind its own, as kubeadm does. */
function withEnvs(object: ApiObject, envs: readonly ExtraEnv[]): ApiObject {
  if (envs.length === 0) return object;
  const added = envs.map((env) => ({ op: 'add', path: '/spec/template/spec/containers/0/env/-', value: env }));
  const value: Patch = { target: 'env', type: 'json', file: 'the proxy variables', value: added };
  return patched(object, [value], 'env');
}
