import { nthAddress, parseCidrs } from '../../kube/cidr.ts';
import { isMapping } from '../decode.ts';
import type { Config } from '../types.ts';
import type { Rule } from './rule.ts';

/** What kubeadm wants of a kubelet, and so says when a file wants it otherwise (componentconfigs/kubelet.go Default). */
function kubeletDefaults(config: Config): Readonly<Record<string, unknown>> {
  const { cluster } = config;
  const dns =
    parseCidrs(cluster.networking.serviceSubnet) === undefined ? [] : [dnsAddress(cluster.networking.serviceSubnet)];
  return {
    staticPodPath: '/etc/kubernetes/manifests',
    clusterDNS: dns,
    clusterDomain: cluster.networking.dnsDomain,
    'authentication.x509.clientCAFile': `${cluster.certificatesDir}/ca.crt`,
    'authentication.anonymous.enabled': false,
    'authentication.webhook.enabled': true,
    'authorization.mode': 'Webhook',
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10248,
    readOnlyPort: 0,
    rotateCertificates: true,
  };
}

function dnsAddress(serviceSubnet: string): string {
  try {
    return nthAddress(serviceSubnet, 10);
  } catch {
    // Too small a subnet is a finding of its own.
    return '';
  }
}

const kubeletIsAsKubeadmWantsIt: Rule = (config, { KubeletConfiguration: tell }) => {
  const given = config.kubelet;
  if (given === undefined) return;
  for (const [name, wanted] of Object.entries(kubeletDefaults(config))) {
    const path = name.split('.');
    const value = path.reduce<unknown>((inner, part) => (isMapping(inner) ? inner[part] : undefined), given);
    if (value === undefined || value === null || JSON.stringify(value) === JSON.stringify(wanted)) continue;
    tell.warn(path, `is ${JSON.stringify(value)}, kubeadm would set ${JSON.stringify(wanted)}`);
  }
};

const kubeletCgroupDriverIsOne: Rule = ({ kubelet }, { KubeletConfiguration: tell }) => {
  const driver = kubelet?.cgroupDriver;
  if (typeof driver !== 'string' || ['', 'systemd', 'cgroupfs'].includes(driver)) return;
  tell.error(['cgroupDriver'], `\`${driver}\` is neither systemd nor cgroupfs`);
};

const kubeProxyAgreesWithTheCluster: Rule = ({ cluster, kubeProxy }, { KubeProxyConfiguration: tell }) => {
  const { podSubnet } = cluster.networking;
  const clusterCIDR = kubeProxy?.clusterCIDR;
  if (podSubnet !== undefined && clusterCIDR && clusterCIDR !== podSubnet) {
    tell.warn(['clusterCIDR'], `differs from networking.podSubnet ${podSubnet}`);
  }
  if (kubeProxy?.mode === 'ipvs')
    tell.warn(['mode'], 'ipvs is deprecated since v1.35', 'nftables, or iptables on older kernels');
};

/** What should hold of the documents that go to kubelet and kube-proxy. */
export const componentRules: readonly Rule[] = [
  kubeletIsAsKubeadmWantsIt,
  kubeletCgroupDriverIsOne,
  kubeProxyAgreesWithTheCluster,
];
