import { join } from 'node:path';
import { formatDuration, parseDuration } from '../base/duration.ts';
import { sha256Hex } from '../base/hash.ts';
import { isMapping } from '../config/decode.ts';
import { kinds } from '../config/kinds.ts';
import { alphabetical } from '../config/kubeadm-view.ts';
import type { FieldType } from '../config/schema.ts';
import type { Config } from '../config/types.ts';
import { isIPv6, nthAddress } from '../kube/cidr.ts';
import { toYaml } from '../kube/yaml.ts';
import { emptyKubeletConfiguration, emptyKubeProxyConfiguration, unsetWhenZero } from './component-defaults.ts';
import type { ApiObject } from './wanted-object.ts';

type Document = Readonly<Record<string, unknown>>;

const hashAnnotation = 'kubeadm.kubernetes.io/component-config.hash';

/** The KubeletConfiguration for all nodes of the cluster, as text: what was given, with kubeadm's defaults (componentconfigs/kubelet.go). */
export function kubeletConfigurationText(config: Config): string {
  const { networking, certificatesDir } = config.cluster;
  const defaults: Document = {
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(certificatesDir, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'systemd',
    clusterDNS: [nthAddress(networking.serviceSubnet, 10)],
    clusterDomain: networking.dnsDomain,
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10248,
    staticPodPath: '/etc/kubernetes/manifests',
  };
  const given = normalized(config.kubelet ?? {}, kinds.KubeletConfiguration.type);
  const merged = over(over(emptyKubeletConfiguration, defaults), given);
  // Whether it was given as false cannot be told in Go, so kubeadm always sets it.
  return toYaml(alphabetical({ ...merged, rotateCertificates: true }));
}

/** The KubeProxyConfiguration of the cluster, as text (componentconfigs/kubeproxy.go). */
export function kubeProxyConfigurationText(config: Config): string {
  const defaults: Document = {
    bindAddress: isIPv6(config.init.localAPIEndpoint.advertiseAddress) ? '::' : '0.0.0.0',
    clientConnection: { kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf' },
    clusterCIDR: config.cluster.networking.podSubnet ?? '',
    mode: 'iptables',
  };
  const given = normalized(config.kubeProxy ?? {}, kinds.KubeProxyConfiguration.type);
  return toYaml(alphabetical(over(over(emptyKubeProxyConfiguration, defaults), given)));
}

/** A ConfigMap that says of itself that nobody wrote it by hand, so that `kubeadm upgrade` makes it anew (componentconfigs/checksums.go). */
export function signed(configMap: ApiObject, data: Readonly<Record<string, string>>): ApiObject {
  const texts = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = `sha256:${sha256Hex(texts.map(([, text]) => text).join(''))}`;
  return { ...configMap, metadata: { ...configMap.metadata, annotations: { [hashAnnotation]: hash } } };
}

/** As Go writes it: durations in their one form, nothing that is empty. */
function normalized(value: Document, type: FieldType): Document {
  return (canonical(value, type) ?? {}) as Document;
}

function canonical(value: unknown, type: FieldType | undefined): unknown {
  if (value === null || value === '') return undefined;
  if (type === 'duration' && typeof value === 'string') return formatDuration(parseDuration(value) ?? 0);
  if (Array.isArray(value)) {
    if (value.length === 0) return undefined;
    const item = typeof type === 'object' && 'list' in type ? type.list : undefined;
    return value.map((member) => canonical(member, item) ?? member);
  }
  if (!isMapping(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const unset = unsetWhenZero.has(name) && (member === 0 || member === false);
    const made = unset ? undefined : canonical(member, memberType(type, name));
    return made === undefined ? [] : [[name, made] as const];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function memberType(type: FieldType | undefined, name: string): FieldType | undefined {
  if (typeof type !== 'object') return undefined;
  if ('fields' in type) return type.fields[name];
  return 'map' in type ? type.map : undefined;
}

/** Members of `upper` win; maps are joined. */
function over(lower: Document, upper: Document): Document {
  const members = Object.entries(upper).map(([name, member]) => {
    const below = lower[name];
    return [name, isMapping(below) && isMapping(member) ? over(below, member) : member];
  });
  return { ...lower, ...Object.fromEntries(members) };
}
