import { corednsImageTag, etcdImageTag, pauseImageTag, versionImageTag } from '../kube/version.ts';
import { defaultImageRepository } from './constants.ts';
import type { Config } from './types.ts';

export type ComponentImages = {
  /** Undefined with an external etcd. */
  readonly etcd?: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
  readonly kubeProxy: string;
  readonly coredns: string;
  readonly pause: string;
};

/** The full references of the images of a control plane (kubeadm images/images.go). */
export function imagesOf(config: Config): ComponentImages {
  const { cluster } = config;
  const kubernetes = (name: string) =>
    `${cluster.imageRepository}/${name}:${versionImageTag(cluster.kubernetesVersion)}`;
  return {
    ...(cluster.etcd.local === undefined ? {} : { etcd: etcdImage(config) }),
    kubeApiserver: kubernetes('kube-apiserver'),
    kubeControllerManager: kubernetes('kube-controller-manager'),
    kubeScheduler: kubernetes('kube-scheduler'),
    kubeProxy: kubernetes('kube-proxy'),
    coredns: corednsImage(config),
    pause: `${cluster.imageRepository}/pause:${pauseImageTag}`,
  };
}

function etcdImage({ cluster }: Config): string {
  const { imageRepository, imageTag } = cluster.etcd.local ?? {};
  return `${imageRepository ?? cluster.imageRepository}/etcd:${imageTag ?? etcdImageTag(cluster.kubernetesVersion)}`;
}

function corednsImage({ cluster }: Config): string {
  const given = cluster.dns.imageRepository ?? cluster.imageRepository;
  // The official image moved from registry.k8s.io/coredns to registry.k8s.io/coredns/coredns.
  const repository = given === defaultImageRepository ? `${given}/coredns` : given;
  return `${repository}/coredns:${cluster.dns.imageTag ?? corednsImageTag}`;
}
