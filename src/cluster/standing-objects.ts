import { join } from 'node:path';
import { controlPlaneEndpoint } from '../config/endpoints.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { HostFiles, HostMachine } from '../host/host.ts';
import { readHostFacts } from '../manifests/host-facts.ts';
import { readPatches } from '../manifests/patches.ts';
import { readAddonTemplates } from '../manifests/templates.ts';
import { parseCertificates } from '../pki/inspect.ts';
import { type AddonInput, corednsObjects, kubeProxyObjects } from './addons.ts';
import { bootstrapAccessObjects, type ClusterEntry, clusterInfoObjects } from './bootstrap-access.ts';
import { kubeadmConfigObjects, kubeletConfigObjects } from './upload-config.ts';
import type { ApiObject, ClusterPhase, WantedObject } from './wanted-object.ts';

export type StandingInput = AddonInput & { readonly entry: ClusterEntry };

type Row = {
  readonly phase: ClusterPhase;
  readonly objects: (input: StandingInput) => readonly ApiObject[] | Promise<readonly ApiObject[]>;
  /** Why there are none in this configuration. */
  readonly none?: (config: Config) => string | undefined;
};

/** What follows from the configuration alone, by the phase of `init` that makes it, in its order. */
const rows: readonly Row[] = [
  { phase: 'upload-config/kubeadm', objects: ({ config }) => kubeadmConfigObjects(config) },
  { phase: 'upload-config/kubelet', objects: ({ config }) => kubeletConfigObjects(config) },
  { phase: 'bootstrap-token', objects: ({ entry }) => [...bootstrapAccessObjects(), ...clusterInfoObjects(entry)] },
  {
    phase: 'addon/coredns',
    objects: corednsObjects,
    none: ({ cluster }) => (cluster.dns.disabled ? 'dns.disabled is set' : undefined),
  },
  {
    phase: 'addon/kube-proxy',
    objects: kubeProxyObjects,
    none: ({ cluster }) => (cluster.proxy.disabled ? 'proxy.disabled is set' : undefined),
  },
];

/** What stays as the user has set it (kubeadm keeps an edited Corefile and the number of replicas). */
const yielding: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'ConfigMap/coredns': [['data', 'Corefile']],
  'Deployment/coredns': [['spec', 'replicas']],
};

/** Why this configuration wants no objects of a phase; undefined when it does. */
export function noneOf(phase: ClusterPhase, config: Config): string | undefined {
  return rows.find((row) => row.phase === phase)?.none?.(config);
}

/**
 * Every object that follows from the configuration: all that `init` leaves in the cluster but Secrets, which hold what was
 * drawn by lot, and the marks on Nodes. Throws UsageError for a mistake in a template.
 */
export async function standingObjects(input: StandingInput): Promise<readonly WantedObject[]> {
  const wanted = rows.filter(({ none }) => none?.(input.config) === undefined);
  const made = await Promise.all(
    wanted.map(async ({ phase, objects }) => (await objects(input)).map((object) => wantedObject(phase, object))),
  );
  return made.flat();
}

function wantedObject(phase: ClusterPhase, object: ApiObject): WantedObject {
  const yields = yielding[`${object.kind}/${object.metadata.name}`];
  return { phase, object, ...(yields === undefined ? {} : { yields }) };
}

type Given = { readonly config: Config; readonly paths: Paths; readonly templatesDirectory?: string | undefined };

/** Reads what `standingObjects` needs: the CA, templates, patches, the machine's proxy variables. */
export async function readStandingInput(
  host: HostFiles & Pick<HostMachine, 'environment'>,
  given: Given,
): Promise<StandingInput> {
  const [entry, addons] = await Promise.all([readClusterEntry(host, given), readAddonInput(host, given)]);
  return { ...addons, entry };
}

/** The same without the CA, which may not be there yet. */
export async function readAddonInput(
  host: HostFiles & Pick<HostMachine, 'environment'>,
  { config, paths, templatesDirectory }: Given,
): Promise<AddonInput> {
  const { patchesDirectory } = config.init;
  const [templates, patches, { proxyEnvs }] = await Promise.all([
    readAddonTemplates(host, templatesDirectory),
    patchesDirectory === undefined ? [] : readPatches(host, patchesDirectory).then((read) => read.patches),
    readHostFacts(host, paths),
  ]);
  return { config, templates, patches, proxyEnvs };
}

/** As a kubeconfig that is made now would say it: one on the disk may have been edited. The CA is empty while it is not made. */
export async function readClusterEntry(
  host: Pick<HostFiles, 'readText'>,
  { config, paths }: Pick<Given, 'config' | 'paths'>,
): Promise<ClusterEntry> {
  const text = (await host.readText(join(paths.certificatesDir, 'ca.crt'))) ?? '';
  return { server: controlPlaneEndpoint(config), ca: parseCertificates(text).map(String).join('') };
}
