import { basename } from 'node:path';
import { controlPlaneEndpoint, localEndpoint } from '../config/endpoints.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';

/** One kubeconfig with a client certificate of its own. Names are kubeadm's subphases. */
export type KubeconfigSpec = {
  readonly name: string;
  readonly summary: string;
  readonly path: (paths: Paths) => string;
  /** The user in the file, and the certificate's common name. */
  readonly user: (config: Config) => string;
  readonly organizations: readonly string[];
  readonly server: (config: Config) => string;
};

/** The kubeconfigs, in kubeadm's order (kubeadm phases/kubeconfig/kubeconfig.go). */
export const kubeconfigs: readonly KubeconfigSpec[] = [
  {
    name: 'admin',
    summary: 'kubeconfig file for the admin to use and for bootstrap itself',
    path: (paths) => paths.adminConf,
    user: () => 'kubernetes-admin',
    organizations: ['kubeadm:cluster-admins'],
    server: controlPlaneEndpoint,
  },
  {
    name: 'super-admin',
    summary: 'kubeconfig file for the super-admin, who bypasses RBAC',
    path: (paths) => paths.superAdminConf,
    user: () => 'kubernetes-super-admin',
    organizations: ['system:masters'],
    server: controlPlaneEndpoint,
  },
  {
    name: 'kubelet',
    summary: 'kubeconfig file for the kubelet to use only for cluster bootstrapping purposes',
    path: (paths) => paths.kubeletConf,
    user: (config) => `system:node:${config.init.nodeRegistration.name}`,
    organizations: ['system:nodes'],
    server: localEndpoint,
  },
  {
    name: 'controller-manager',
    summary: 'kubeconfig file for the controller manager to use',
    path: (paths) => paths.controllerManagerConf,
    user: () => 'system:kube-controller-manager',
    organizations: [],
    server: localEndpoint,
  },
  {
    name: 'scheduler',
    summary: 'kubeconfig file for the scheduler to use',
    path: (paths) => paths.schedulerConf,
    user: () => 'system:kube-scheduler',
    organizations: [],
    server: localEndpoint,
  },
];

/** `admin.conf` */
export function kubeconfigFile(spec: KubeconfigSpec, paths: Paths): string {
  return basename(spec.path(paths));
}
