import { pathsOf } from '../../src/config/paths.ts';
import type { Config } from '../../src/config/types.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import type { HostFacts } from '../../src/manifests/host-facts.ts';
import type { ManifestInput } from '../../src/manifests/render.ts';
import { readTemplates, type Templates } from '../../src/manifests/templates.ts';
import { aConfig } from './builders.ts';

export function hostFacts(change: Partial<HostFacts> = {}): HostFacts {
  return { trustStores: [], externalCA: false, proxyEnvs: [], ...change };
}

/** What manifests are made from, with our own templates: a default configuration at `/`, changed where a test says so. */
export async function manifestInput(
  change: Partial<ManifestInput> & { readonly root?: string } = {},
): Promise<ManifestInput> {
  const { root = '/', ...rest } = change;
  const templates = await readTemplates(nodeHost);
  return { config: aConfig(), paths: pathsOf(root), templates, hostFacts: hostFacts(), ...rest };
}

/** Our templates with one text changed. */
export async function changedTemplate(name: string, change: (text: string) => string): Promise<Templates> {
  const templates = await readTemplates(nodeHost);
  const changed = (files: Templates['manifests']) =>
    new Map([...files].map(([key, file]) => [key, key === name ? { ...file, text: change(file.text) } : file]));
  return { ...templates, manifests: changed(templates.manifests), partials: changed(templates.partials) };
}

/** A default configuration with other members of its cluster part. */
export function aClusterConfig(change: Partial<Config['cluster']>): Config {
  return aConfig((config) => ({ ...config, cluster: { ...config.cluster, ...change } }));
}

/** A default configuration at another advertise address. */
export function anAdvertisedConfig(advertiseAddress: string, bindPort = 6443): Config {
  return aConfig((config) => ({
    ...config,
    init: { ...config.init, localAPIEndpoint: { advertiseAddress, bindPort } },
  }));
}
