import { isObject } from '../decode-fields.ts';
import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { Container, Pod } from '../types.ts';

type Item = Readonly<Record<string, unknown>>;

/** Volumes that need objects of the API server, and which (podutil.HasAPIObjectReference, v1.37). */
const volumeObjects: Readonly<Record<string, string>> = {
  configMap: 'configmaps',
  secret: 'secrets',
  csi: 'csidrivers',
  glusterfs: 'endpoints',
  persistentVolumeClaim: 'persistentvolumeclaims',
  ephemeral: 'persistentvolumeclaims',
  azureFile: 'secrets',
};
const projectedObjects: Readonly<Record<string, string>> = {
  configMap: 'configmaps',
  secret: 'secrets',
  serviceAccountToken: 'serviceaccounts',
  clusterTrustBundle: 'clustertrustbundles',
  podCertificate: 'podcertificates',
};

/**
 * Refuses references to API objects, which a pod that runs without an API server cannot have: service account, secrets,
 * config maps, claims and what is made of them.
 */
export function refuseReferences(pod: Pod, errors: FieldErrors): void {
  const refuse = (path: FieldPath, objects: string) =>
    errors.forbidden(path, `static pods may not reference ${objects}, as they run without the API server`);
  const spec = pod.spec as unknown as Item;
  for (const name of ['serviceAccountName', 'serviceAccount']) {
    if (spec[name]) refuse(['spec', name], 'serviceaccounts');
  }
  for (const [index, secret] of itemsOf(spec.imagePullSecrets).entries()) {
    if (secret.name) refuse(['spec', 'imagePullSecrets', index], 'secrets');
  }
  if (itemsOf(spec.resourceClaims).length > 0) refuse(['spec', 'resourceClaims'], 'resourceclaims');
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (pod.spec[list] ?? []).entries()) {
      refuseEnvironment(container, ['spec', list, index], refuse);
      if ((container.resources.claims ?? []).length > 0)
        refuse(['spec', list, index, 'resources', 'claims'], 'resourceclaims');
    }
  }
  for (const [index, volume] of itemsOf(spec.volumes).entries()) {
    refuseVolume(volume, ['spec', 'volumes', index], refuse);
  }
}

type Refuse = (path: FieldPath, objects: string) => void;

function refuseEnvironment(container: Container, path: FieldPath, refuse: Refuse): void {
  for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
    const at = [...path, 'env', index, 'valueFrom'];
    if (valueFrom?.secretKeyRef !== undefined) refuse([...at, 'secretKeyRef'], 'secrets');
    if (valueFrom?.configMapKeyRef !== undefined) refuse([...at, 'configMapKeyRef'], 'configmaps');
  }
  for (const [index, source] of itemsOf(container.envFrom).entries()) {
    const at = [...path, 'envFrom', index];
    if (source.secretRef !== undefined) refuse([...at, 'secretRef'], 'secrets');
    if (source.configMapRef !== undefined) refuse([...at, 'configMapRef'], 'configmaps');
  }
}

function refuseVolume(volume: Item, path: FieldPath, refuse: Refuse): void {
  for (const [kind, source] of Object.entries(volume)) {
    const objects = volumeObjects[kind];
    if (objects !== undefined) refuse([...path, kind], objects);
    // Drivers of other kinds read their credentials from a secret.
    else if (isObject(source) && isObject(source.secretRef)) refuse([...path, kind, 'secretRef'], 'secrets');
  }
  const projected = isObject(volume.projected) ? itemsOf(volume.projected.sources) : [];
  for (const [index, source] of projected.entries()) {
    for (const kind of Object.keys(source)) {
      const objects = projectedObjects[kind];
      if (objects !== undefined) refuse([...path, 'projected', 'sources', index, kind], objects);
    }
  }
}

function itemsOf(value: unknown): readonly Item[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
