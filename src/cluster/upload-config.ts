import { clusterConfigurationDocument } from '../config/kubeadm-view.ts';
import type { Config } from '../config/types.ts';
import { toYaml } from '../kube/yaml.ts';
import { bootstrappers, mayGet, nodes } from './access-rules.ts';
import { kubeletConfigurationText, signed } from './component-configuration.ts';
import type { ApiObject } from './wanted-object.ts';

const namespace = 'kube-system';

/** The ClusterConfiguration for those who join or upgrade, who may read it (kubeadm phases/uploadconfig). */
export function kubeadmConfigObjects(config: Config): readonly ApiObject[] {
  const metadata = { name: 'kubeadm-config', namespace };
  const data = { ClusterConfiguration: toYaml(clusterConfigurationDocument(withoutSkippedAddons(config))) };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
    ...mayGet({
      namespace,
      name: 'kubeadm:nodes-kubeadm-config',
      resource: 'configmaps',
      resourceName: metadata.name,
      subjects: [bootstrappers, nodes],
    }),
  ];
}

/** The KubeletConfiguration for the kubelets of the cluster, who may read it (kubeadm phases/kubelet/config.go). */
export function kubeletConfigObjects(config: Config): readonly ApiObject[] {
  const metadata = { name: 'kubelet-config', namespace };
  const data = { kubelet: kubeletConfigurationText(config) };
  const configMap: ApiObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  return [
    config.kubelet === undefined ? signed(configMap, data) : configMap,
    ...mayGet({
      namespace,
      name: 'kubeadm:kubelet-config',
      resource: 'configmaps',
      resourceName: metadata.name,
      subjects: [nodes, bootstrappers],
    }),
  ];
}

/** An addon that `init` was told to skip is none of the cluster's: an upgrade must not bring it (kubeadm cmd/init.go). */
function withoutSkippedAddons(config: Config): Config {
  const skips = (addon: string) => ['addon', addon].some((name) => config.init.skipPhases.includes(name));
  const { dns, proxy } = config.cluster;
  return {
    ...config,
    cluster: {
      ...config.cluster,
      dns: { ...dns, disabled: dns.disabled || skips('addon/coredns') },
      proxy: { disabled: proxy.disabled || skips('addon/kube-proxy') },
    },
  };
}
