import { bootstrapConfiguration } from './fields-bootstrap.ts';
import { kubeProxyConfiguration } from './fields-kube-proxy.ts';
import {
  clusterConfiguration,
  initConfiguration,
  joinConfiguration,
  resetConfiguration,
  upgradeConfiguration,
} from './fields-kubeadm.ts';
import { kubeletConfiguration } from './fields-kubelet.ts';
import type { Decoded } from './schema.ts';

export const kubeadmApiVersion = 'kubeadm.k8s.io/v1beta4';
export const bootstrapApiVersion = 'kube-bootstrap/v1alpha1';

/** The documents that a configuration file may hold, each at most once. */
export const kinds = {
  InitConfiguration: { apiVersion: kubeadmApiVersion, type: initConfiguration },
  ClusterConfiguration: { apiVersion: kubeadmApiVersion, type: clusterConfiguration },
  JoinConfiguration: { apiVersion: kubeadmApiVersion, type: joinConfiguration },
  ResetConfiguration: { apiVersion: kubeadmApiVersion, type: resetConfiguration },
  UpgradeConfiguration: { apiVersion: kubeadmApiVersion, type: upgradeConfiguration },
  BootstrapConfiguration: { apiVersion: bootstrapApiVersion, type: bootstrapConfiguration },
  KubeletConfiguration: { apiVersion: 'kubelet.config.k8s.io/v1beta1', type: kubeletConfiguration },
  KubeProxyConfiguration: { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', type: kubeProxyConfiguration },
} as const;

export type Kind = keyof typeof kinds;

/** The decoded documents; a kind that is not in the file is absent. */
export type Documents = { readonly [K in Kind]?: Decoded<(typeof kinds)[K]['type']> };

/** The last kubeadm that could read an older apiVersion, and so migrate it (kubeadm util/config/common.go). */
export const lastKubeadmFor: Readonly<Record<string, string>> = {
  'kubeadm.k8s.io/v1alpha1': '1.11',
  'kubeadm.k8s.io/v1alpha2': '1.12',
  'kubeadm.k8s.io/v1alpha3': '1.14',
  'kubeadm.k8s.io/v1beta1': '1.15',
  'kubeadm.k8s.io/v1beta2': '1.22',
  'kubeadm.k8s.io/v1beta3': '1.36',
};
