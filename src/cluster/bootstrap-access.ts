import { alphabetical } from '../config/kubeadm-view.ts';
import { toYaml } from '../kube/yaml.ts';
import { bootstrappers, clusterRole, clusterRoleBinding, mayGet, nodes, user } from './access-rules.ts';
import type { ApiObject } from './wanted-object.ts';

/** Where clients find the API server, and the PEM text of the CA that they shall trust. */
export type ClusterEntry = { readonly server: string; readonly ca: string };

const getNodes = 'kubeadm:get-nodes';

/** What a node that joins with a bootstrap token may do, and the API server at its kubelet (kubeadm phases/bootstraptoken/node). */
export function bootstrapAccessObjects(): readonly ApiObject[] {
  const approval = 'system:certificates.k8s.io:certificatesigningrequests';
  return [
    clusterRole(getNodes, ['nodes'], ['get']),
    clusterRoleBinding(getNodes, getNodes, bootstrappers),
    clusterRoleBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', bootstrappers),
    clusterRoleBinding('kubeadm:node-autoapprove-bootstrap', `${approval}:nodeclient`, bootstrappers),
    clusterRoleBinding('kubeadm:node-autoapprove-certificate-rotation', `${approval}:selfnodeclient`, nodes),
    clusterRoleBinding(
      'kubeadm:apiserver-kubelet-client',
      'system:kubelet-api-admin',
      user('kube-apiserver-kubelet-client'),
    ),
  ];
}

/**
 * What anybody may read before he trusts anybody: a kubeconfig with the cluster alone, to which the controller-manager adds
 * a signature for each token (kubeadm phases/bootstraptoken/clusterinfo).
 */
export function clusterInfoObjects({ server, ca }: ClusterEntry): readonly ApiObject[] {
  const metadata = { name: 'cluster-info', namespace: 'kube-public' };
  const cluster = { 'certificate-authority-data': Buffer.from(ca).toString('base64'), server };
  const kubeconfig = {
    apiVersion: 'v1',
    clusters: [{ cluster, name: '' }],
    contexts: null,
    'current-context': '',
    kind: 'Config',
    users: null,
  };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { kubeconfig: toYaml(alphabetical(kubeconfig)) } },
    ...mayGet({
      namespace: metadata.namespace,
      name: 'kubeadm:bootstrap-signer-clusterinfo',
      resource: 'configmaps',
      resourceName: metadata.name,
      subjects: [user('system:anonymous')],
    }),
  ];
}
