import type { KubeObject } from '../kube/client.ts';

/** Who we are in `metadata.managedFields`. */
export const fieldManager = 'kube-bootstrap';

/** The phase of `init` that an object belongs to, by its path. */
export type ClusterPhase =
  | 'upload-config/kubeadm'
  | 'upload-config/kubelet'
  | 'upload-certs'
  | 'bootstrap-token'
  | 'addon/coredns'
  | 'addon/kube-proxy';

/** An API object with all its members. */
export type ApiObject = KubeObject & {
  readonly metadata: KubeObject['metadata'] & { readonly [member: string]: unknown };
  readonly [member: string]: unknown;
};

/** An object as the cluster shall have it: the whole of what is ours in it, for a server-side apply. */
export type WantedObject = {
  readonly phase: ClusterPhase;
  readonly object: ApiObject;
  /** Fields that stay as somebody else has set them, such as a Corefile that was edited. */
  readonly yields?: readonly (readonly string[])[];
};

/** Collections of the kinds that we make, below their API group (k8s.io/api, v1.37). */
const collections: Readonly<Record<string, string>> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  ConfigMap: 'configmaps',
  DaemonSet: 'daemonsets',
  Deployment: 'deployments',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  Secret: 'secrets',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
};

/** `/api/v1/namespaces/kube-system/configmaps/kubeadm-config`. Throws for a kind that is not in the table. */
export function objectPath({ apiVersion, kind, metadata }: KubeObject): string {
  const collection = collections[kind];
  if (collection === undefined) throw new Error(`no API path is known for ${apiVersion} ${kind}`);
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${group}${namespace}/${collection}/${encodeURIComponent(metadata.name)}`;
}

/** `ConfigMap kube-system/kubeadm-config` */
export function objectTitle({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}
